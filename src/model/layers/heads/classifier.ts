import { ModelError } from '../../../errors.js';
import type { NormCfg } from '../../config/byo-cfg.js';
import { int } from '../../graph-builder.js';
import { relu } from '../activation.js';
import { linear } from '../linear.js';
import type { FeatureMap, Net } from '../net.js';
import { addNorm, type Norm } from '../norms/norm.js';
import { normOf } from '../norms/registry.js';
import { globalAverage, globalAverageMax, globalMax } from '../pool.js';
import type { Head, HeadSpec, HeadValues } from './head.js';

type Pool = (net: Net, x: string, name: string) => string;

const concatenated: Pool = (net, x, name) =>
  net.graph.add(name, 'Concat', [globalAverage(net, x, `${name}.avg`), globalMax(net, x, `${name}.max`)], {
    axis: int(1),
  });

/** Global pooling by the names that timm's `global_pool` takes (timm/layers/adaptive_avgmax_pool.py). */
const GLOBAL_POOLS: Readonly<Record<string, Pool>> = {
  avg: globalAverage,
  max: globalMax,
  avgmax: globalAverageMax,
  catavgmax: concatenated,
  fast: globalAverage,
  fastavg: globalAverage,
  fastmax: globalMax,
  fastavgmax: globalAverageMax,
  fastcatavgmax: concatenated,
};

/** [batch, C, 1, 1], or [batch, 2 * C, 1, 1] where average and maximum are concatenated. */
function globalPool(net: Net, x: FeatureMap, { globalPool: name }: HeadSpec): string {
  const pool = Object.hasOwn(GLOBAL_POOLS, name || 'avg') ? GLOBAL_POOLS[name || 'avg'] : undefined;
  if (pool === undefined) {
    throw new ModelError(`global_pool: ${JSON.stringify(name)} does not fit the head`, {
      hint: `Known: ${Object.keys(GLOBAL_POOLS).join(', ')}.`,
    });
  }
  return pool(net, x.name, 'head.global_pool');
}

function classified(net: Net, embedding: string, { numClasses: classes }: HeadSpec): HeadValues {
  const features = net.graph.shapeOf(embedding)[1] ?? 0;
  const logits = classes === 0 ? undefined : linear(net, embedding, 'head.fc', classes);
  return { embedding, features, logits, classes };
}

const flattened = ({ graph }: Net, x: string): string =>
  graph.add('head.flatten', 'Flatten', [x], { axis: int(1) });

/** Global pooling and a linear layer (timm's `ClassifierHead`). */
export const classifier: Head = (net, x, spec) => {
  if (spec.hiddenSize !== null) {
    throw new ModelError(
      `model_cfg.head_hidden_size: a classifier head has no hidden layer, received ${spec.hiddenSize}`,
      {
        hint: 'Use "head_type": "mlp".',
      },
    );
  }
  return classified(net, flattened(net, globalPool(net, x, spec)), spec);
};

/** Global pooling, a norm, a hidden layer and a linear layer (timm's `NormMlpClassifierHead`). */
export const mlp: Head = (net, x, spec) => {
  const pooled = globalPool(net, x, spec);
  if (net.graph.shapeOf(pooled)[1] !== x.channels) {
    throw new ModelError(`global_pool: ${spec.globalPool} does not fit an mlp head`, {
      hint: 'Use avg, max or avgmax.',
    });
  }
  const normalized = addNorm(net, pooled, 'head.norm', mlpNorm(net, x.channels, spec.norm));
  let embedding = flattened(net, normalized);
  if (spec.hiddenSize) {
    const hidden = linear(net, embedding, 'head.pre_logits.fc', spec.hiddenSize);
    embedding = spec.act(net, hidden, 'head.pre_logits.act');
  }
  return classified(net, embedding, spec);
};

// In timm's plain norms, unlike those with an activation, LayerNorm2d has an eps of 1e-6.
const PLAIN_EPS: Readonly<Record<string, number>> = { layernorm2d: 1e-6, layernorm2dfp32: 1e-6 };
const NOT_PLAIN = /^(evonorm|frn)/;

/** A norm by its name alone is plain here; one with arguments bound to it keeps an activation, ReLU, as in timm. */
function mlpNorm(net: Net, channels: number, norm: NormCfg): Norm {
  if (typeof norm !== 'string') return normOf(norm)(net, 'head.norm', channels, relu);
  if (NOT_PLAIN.test(norm)) {
    throw new ModelError(`model_cfg.head_type: an mlp head cannot use norm_layer ${JSON.stringify(norm)}`);
  }
  const eps = PLAIN_EPS[norm];
  return normOf({ type: norm, ...(eps !== undefined && { eps }) })(net, 'head.norm', channels, undefined);
}
