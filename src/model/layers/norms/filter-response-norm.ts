import { channelAffine, type Net } from '../net.js';
import { activate, type NormFactory, perChannel, rootMeanSquare, weightAndBias, withEps } from './norm.js';

// Filter response normalisation (https://arxiv.org/abs/1911.09737): over each channel's own map.
const filterResponse = (net: Net, prefix: string, channels: number, eps: number) => {
  const affine = weightAndBias(net, prefix, channels);
  return (x: string) => {
    const normalized = net.graph.add(`${prefix}.normalized`, 'Div', [
      x,
      rootMeanSquare(net, x, prefix, [2, 3], eps),
    ]);
    return channelAffine(net, normalized, prefix, affine);
  };
};

export const frn: NormFactory = (kwargs, where) => {
  const { eps } = withEps(1e-5)(kwargs, where);
  return (net, prefix, channels, act) => {
    const normalize = filterResponse(net, prefix, channels, eps);
    return { affine: undefined, finish: (x) => activate(net, normalize(x), prefix, act) };
  };
};

/** Uses a learned threshold instead of an activation. */
export const frntlu: NormFactory = (kwargs, where) => {
  const { eps } = withEps(1e-5)(kwargs, where);
  return (net, prefix, channels, act) => {
    const normalize = filterResponse(net, prefix, channels, eps);
    if (act === undefined) return { affine: undefined, finish: normalize };
    const tau = perChannel(net, prefix, 'tau', channels);
    return { affine: undefined, finish: (x) => net.graph.add(`${prefix}.tlu`, 'Max', [normalize(x), tau]) };
  };
};
