import { object } from '../../fields.js';
import { int } from '../../graph-builder.js';
import { conv2d } from '../conv2d.js';
import { type ChannelAttn, type FeatureMap, featureMap, type Net } from '../net.js';
import { PLAIN_NORMS } from '../norms/registry.js';
import { globalAverage } from '../pool.js';
import { activation, type ChannelAttnFactory, flag, reducedChannels, reduction } from './attn-kwargs.js';
import { convMlp } from './conv-mlp.js';
import { gated } from './squeeze-excite.js';

const readers = (fuseAdd: boolean) =>
  object({
    ...reduction(1 / 8, 1),
    use_attn: flag(true),
    fuse_add: flag(fuseAdd),
    fuse_scale: flag(!fuseAdd),
    init_last_zero: flag(false), // only for initialisation
    act_layer: activation('relu'),
    gate_layer: activation('sigmoid'),
  });

const readGc = readers(false);
const readGca = readers(true);

/** Global context, scaling the map (https://arxiv.org/abs/1904.11492; timm's `GlobalContext`). */
export const gc: ChannelAttnFactory = (kwargs, where) => globalContext(readGc(kwargs, where));

/** Global context, added to the map. */
export const gca: ChannelAttnFactory = (kwargs, where) => globalContext(readGca(kwargs, where));

function globalContext(options: ReturnType<typeof readGc>): ChannelAttn {
  return {
    build: (net, x, prefix) => {
      const { graph } = net;
      const context = options.use_attn
        ? attended(net, x, prefix)
        : featureMap(net, globalAverage(net, x.name, `${prefix}.pool`));
      const hidden = reducedChannels(x.channels, options);
      const mlp = (name: string) =>
        convMlp(net, context, `${prefix}.${name}`, {
          hidden,
          act: options.act_layer,
          norm: PLAIN_NORMS.layernorm2d,
        });
      let y = x;
      if (options.fuse_scale) {
        const gate = options.gate_layer(net, mlp('mlp_scale').name, `${prefix}.gate`);
        y = gated(net, y, gate, `${prefix}.scaled`);
      }
      if (options.fuse_add) {
        y = featureMap(net, graph.add(`${prefix}.added`, 'Add', [y.name, mlp('mlp_add').name]));
      }
      return y;
    },
  };
}

/** Adds the mean of the pixels, weighted by a softmax over them: [batch, C, 1, 1]. */
function attended(net: Net, x: FeatureMap, prefix: string): FeatureMap {
  const { graph } = net;
  const score = conv2d(net, x, `${prefix}.conv_attn`, { outChs: 1, kernel: 1, hasBias: true });
  const places = x.height * x.width;
  const row = graph.reshape(`${prefix}.scores`, score.name, [0, places, 1]);
  const weights = graph.add(`${prefix}.weights`, 'Softmax', [row], { axis: int(1) });
  const flat = graph.reshape(`${prefix}.flat`, x.name, [0, x.channels, places]);
  const context = graph.add(`${prefix}.context.flat`, 'MatMul', [flat, weights]); // [batch, C, 1]
  return featureMap(net, graph.reshape(`${prefix}.context`, context, [0, x.channels, 1, 1]));
}
