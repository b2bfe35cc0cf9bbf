import { ModelError } from '../../../errors.js';
import { int } from '../../graph-builder.js';
import { relu } from '../activation.js';
import { linear } from '../linear.js';
import type { FeatureMap, Net } from '../net.js';
import { addNorm, type Norm } from '../norms/norm.js';
import { normOf, PLAIN_NORMS } from '../norms/registry.js';
import { globalAverage, globalAverageMax, globalMax } from '../pool.js';
import type { Head, HeadSpec, HeadValues } from './head.js';

type Pool = (net: Net, x: string, name: string) => string;

const concatenated: Pool = (net, x, name) =>
  net.graph.add(name, 'Concat', [globalAverage(net, x, `${name}.avg`), globalMax(net, x, `${name}.max`)], {
    axis: int(1),
  });

/** Global pooling by its names in timm's `global_pool` (timm/layers/adaptive_avgmax_pool.py). */
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

/** Pools to [batch, C, 1, 1], or to [batch, 2 * C, 1, 1] by concatenating average and maximum. */
function globalPool(net: Net, x: FeatureMap, { globalPool: name = 'avg', where }: HeadSpec): string {
  const pool = Object.hasOwn(GLOBAL_POOLS, name) ? GLOBAL_POOLS[name] : undefined;
  if (pool === undefined) {
    throw new ModelError(`${where}: global_pool: ${JSON.stringify(name)} does not fit the head`, {
      hint: `Known: ${Object.keys(GLOBAL_POOLS).join(', ')}. Without pooling, the map itself is the output "unpooled".`,
    });
  }
  return pool(net, x.name, 'head.global_pool');
}

/** @param embed adds the embedding for a specification, whose pooling may be another */
function classified(net: Net, spec: HeadSpec, embed: (spec: HeadSpec) => string): HeadValues {
  const { numClasses: classes } = spec;
  const featuresOf = (embedding: string) => net.graph.shapeOf(embedding)[1] ?? 0;
  const embedding = embed(spec);
  const logits = classes === 0 ? undefined : linear(net, embedding, 'head.fc', classes);
  return {
    embedding,
    features: featuresOf(embedding),
    logits,
    classes,
    repooled: (globalPool) => {
      const other = embed({ ...spec, globalPool });
      return { embedding: other, features: featuresOf(other) };
    },
  };
}

const flattened = ({ graph }: Net, x: string): string =>
  graph.add('head.flatten', 'Flatten', [x], { axis: int(1) });

/** Global pooling and a linear layer (timm's `ClassifierHead`). */
export const classifier: Head = (net, x, spec) => {
  if (spec.hiddenSize !== null) {
    throw new ModelError(
      `${spec.where}: model_cfg.head_hidden_size: a classifier head has no hidden layer, received ${spec.hiddenSize}`,
      {
        hint: 'Use "head_type": "mlp".',
      },
    );
  }
  return classified(net, spec, (pooled) => flattened(net, globalPool(net, x, pooled)));
};

/** Global pooling, a norm, a hidden layer and a linear layer (timm's `NormMlpClassifierHead`). */
export const mlp: Head = (net, x, spec) => classified(net, spec, (pooled) => mlpEmbedding(net, x, pooled));

function mlpEmbedding(net: Net, x: FeatureMap, spec: HeadSpec): string {
  const pooled = globalPool(net, x, spec);
  if (net.graph.shapeOf(pooled)[1] !== x.channels) {
    throw new ModelError(`${spec.where}: global_pool: ${spec.globalPool} does not fit an mlp head`, {
      hint: 'Use avg, max or avgmax.',
    });
  }
  const normalized = addNorm(net, pooled, 'head.norm', mlpNorm(net, x.channels, spec));
  const embedding = flattened(net, normalized);
  if (!spec.hiddenSize) return embedding;
  return spec.act(net, linear(net, embedding, 'head.pre_logits.fc', spec.hiddenSize), 'head.pre_logits.act');
}

/** Returns a plain norm for a bare name; one with arguments bound to it is followed by ReLU, as in timm. */
function mlpNorm(net: Net, channels: number, { norm, where }: HeadSpec): Norm {
  if (typeof norm !== 'string') return normOf(norm, where)(net, 'head.norm', channels, relu);
  const plain = Object.hasOwn(PLAIN_NORMS, norm) ? PLAIN_NORMS[norm] : undefined;
  if (plain === undefined) {
    throw new ModelError(`${where}: an mlp head cannot use norm_layer ${JSON.stringify(norm)}`, {
      hint: `Known: ${Object.keys(PLAIN_NORMS).join(', ')}.`,
    });
  }
  return plain(net, 'head.norm', channels, undefined);
}
