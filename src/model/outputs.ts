import { ModelError } from '../errors.js';
import type { GraphValue } from '../graph.js';
import { type GraphBuilder, int, ints } from './graph-builder.js';
import type { HeadValues } from './layers/heads/head.js';
import type { FeatureMap } from './layers/net.js';
import { pooledMap } from './map-pools.js';
import type { OutputValue } from './output-value.js';

/** A requested value of the network, and how the graph post-processes it. */
export interface OutputRequest {
  /**
   * `logits` and `probabilities` [classes], `embedding` [features] (pooled, pre-logits), `unpooled`
   * [features, H, W], or `stage<i>` [C, H, W] (timm's `features_only`, in order of reduction).
   */
  readonly name: string;
  /**
   * Of a map: a `MapPool`. Of the embedding: the global pooling before it, by timm's name, instead of the head's own; [features]
   * may then be another number.
   */
  readonly pool?: string | undefined;
  readonly normalize?: boolean; // to unit L2 norm over the channels
  readonly dtype?: 'float32' | 'float16';
}

/** A feature map of timm's `features_only`, described as in `feature_info`. */
export interface Feature extends FeatureMap {
  readonly reduction: number; // image pixels per map pixel, on a side
  readonly module: string; // timm's name of the layer that produces it
}

/** The values of a network that outputs are computed from. */
export interface NetworkValues {
  readonly stages: readonly Feature[]; // in order of reduction
  readonly last: FeatureMap; // before pooling
  readonly head: HeadValues;
}

/** The source of output values: a network, or a graph that already holds some outputs. */
export interface OutputSource {
  readonly find: (output: string) => OutputValue | undefined;
  /** Adds the embedding with another global pooling. @throws ModelError if that is impossible */
  readonly repooled: (pool: string) => OutputValue;
  readonly missing: (output: string) => ModelError; // the error for an output that does not exist
}

const L2_EPS = 1e-12; // torch.nn.functional.normalize's

/**
 * Adds one requested output under its own name.
 *
 * @throws ModelError if the source has no such output
 */
export function addOutput(graph: GraphBuilder, request: OutputRequest, source: OutputSource): GraphValue {
  const { name, dtype = 'float32' } = request;
  let value = pooledValue(graph, request, source);
  if (request.normalize) value = { ...value, name: normalized(graph, name, value.name) };
  if (dtype === 'float16') value = { ...value, name: graph.cast(`${name}.half`, value.name, 'float16') };
  return { name: graph.add(name, 'Identity', [value.name]), dtype, shape: ['batch', ...value.shape] };
}

function pooledValue(graph: GraphBuilder, { name, pool }: OutputRequest, source: OutputSource): OutputValue {
  if (pool === undefined) return sourceValue(graph, name, source);
  if (name === 'embedding') return source.repooled(pool);
  return pooledMap(graph, name, sourceValue(graph, name, source), pool);
}

/** Returns the source's value; computes probabilities from logits if the source has only those. */
function sourceValue(graph: GraphBuilder, name: string, source: OutputSource): OutputValue {
  const value = source.find(name);
  if (value !== undefined) return value;
  const logits = name === 'probabilities' ? source.find('logits') : undefined;
  if (logits === undefined) throw source.missing(name);
  return { ...logits, name: graph.add('head.softmax', 'Softmax', [logits.name], { axis: int(-1) }) };
}

/** Returns the outputs of a network. */
export function networkOutputs({ stages, last, head }: NetworkValues): OutputSource {
  const { embedding, features, logits, classes } = head;
  const named = new Map<string, OutputValue>([
    ...stages.map((map, i) => [`stage${i}`, ofMap(map)] as const),
    ['embedding', { name: embedding, shape: [features] }],
    ['unpooled', ofMap(last)],
  ]);
  if (logits !== undefined) named.set('logits', { name: logits, shape: [classes] });
  const hintFor = (name: string) => {
    if (/^stage\d+$/.test(name)) return `The network has stages 0 to ${stages.length - 1}.`;
    return name === 'logits' || name === 'probabilities'
      ? 'The checkpoint has no classifier (num_classes is 0).'
      : 'Outputs: logits, probabilities, embedding, unpooled, stage0, stage1, …';
  };
  return {
    find: (name) => named.get(name),
    repooled: (pool) => {
      const { embedding: name, features: size } = head.repooled(pool);
      return { name, shape: [size] };
    },
    missing: (name) => new ModelError(`there is no output ${JSON.stringify(name)}`, { hint: hintFor(name) }),
  };
}

const ofMap = ({ name, channels, height, width }: FeatureMap): OutputValue => ({
  name,
  shape: [channels, height, width],
});

function normalized(graph: GraphBuilder, name: string, x: string): string {
  const length = graph.add(`${name}.length`, 'ReduceL2', [x], { axes: ints(1), keepdims: int(1) });
  const epsilon = graph.scalar(`${name}.epsilon`, L2_EPS);
  return graph.add(`${name}.normalized`, 'Div', [x, graph.add(`${name}.divisor`, 'Max', [length, epsilon])]);
}
