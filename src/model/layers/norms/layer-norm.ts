import { float, int } from '../../graph-builder.js';
import { activate, type NormFactory, rootMeanSquare, withEps } from './norm.js';

/** Normalises over the channels of each pixel. */
export const layernorm2d: NormFactory = (kwargs, where) => {
  const { eps } = withEps(1e-5)(kwargs, where);
  return (net, prefix, channels, act) => {
    const { graph, weights } = net;
    const take = (part: string) => {
      const { shape, read } = weights.take(`${prefix}.${part}`, [channels]);
      return graph.floats(`${prefix}.${part}`, shape, read);
    };
    const parts = [take('weight'), take('bias')];
    const finish = (x: string) => {
      const pixels = graph.transpose(`${prefix}.pixels`, x, [0, 2, 3, 1]); // [batch, H, W, C]
      const attributes = { axis: int(-1), epsilon: float(eps) };
      const normalized = graph.add(
        `${prefix}.normalized`,
        'LayerNormalization',
        [pixels, ...parts],
        attributes,
      );
      return activate(net, graph.transpose(prefix, normalized, [0, 3, 1, 2]), prefix, act);
    };
    return { affine: undefined, finish };
  };
};

/** Normalises over the channels of each pixel, without mean or bias. */
export const rmsnorm2d: NormFactory = (kwargs, where) => {
  const { eps } = withEps(1e-6)(kwargs, where);
  return (net, prefix, channels, act) => {
    const { graph, weights } = net;
    const weight = weights.take(`${prefix}.weight`, [channels]);
    const finish = (x: string) => {
      const normalized = graph.add(`${prefix}.normalized`, 'Div', [
        x,
        rootMeanSquare(net, x, prefix, [1], eps),
      ]);
      const factor = graph.floats(`${prefix}.weight`, [channels, 1, 1], weight.read);
      return activate(net, graph.add(prefix, 'Mul', [normalized, factor]), prefix, act);
    };
    return { affine: undefined, finish };
  };
};
