import { ModelError } from '../errors.js';
import type { GraphValue } from '../graph.js';
import { type GraphBuilder, int, ints } from './graph-builder.js';
import type { HeadValues } from './layers/heads/head.js';
import type { FeatureMap } from './layers/net.js';

/** A requested value of the network, and how the graph post-processes it. */
export interface OutputRequest {
  /**
   * `logits` and `probabilities` [classes], `embedding` [features] (pooled, pre-logits), `unpooled`
   * [features, H, W], or `stage<i>` [C, H, W] (timm's `features_only`, in order of reduction).
   */
  readonly name: string;
  readonly pool?: 'avg'; // [C, H, W] to [C]
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

/** A value of the graph that an output is computed from. */
export interface OutputValue {
  readonly name: string;
  readonly shape: readonly number[]; // for one image
}

/** The source of output values: a network, or a graph that already holds some outputs. */
export interface OutputSource {
  readonly find: (output: string) => OutputValue | undefined;
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
  let value = sourceValue(graph, name, source);
  if (request.pool === 'avg' && value.shape.length === 3) value = pooled(graph, name, value);
  if (request.normalize) value = { ...value, name: normalized(graph, name, value.name) };
  if (dtype === 'float16') value = { ...value, name: graph.cast(`${name}.half`, value.name, 'float16') };
  return { name: graph.add(name, 'Identity', [value.name]), dtype, shape: ['batch', ...value.shape] };
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
    missing: (name) => new ModelError(`there is no output ${JSON.stringify(name)}`, { hint: hintFor(name) }),
  };
}

const ofMap = ({ name, channels, height, width }: FeatureMap): OutputValue => ({
  name,
  shape: [channels, height, width],
});

function pooled(graph: GraphBuilder, name: string, value: OutputValue): OutputValue {
  const mean = graph.add(`${name}.pooled`, 'GlobalAveragePool', [value.name]);
  const flat = graph.add(`${name}.pooled.flat`, 'Flatten', [mean], { axis: int(1) });
  return { name: flat, shape: value.shape.slice(0, 1) };
}

function normalized(graph: GraphBuilder, name: string, x: string): string {
  const length = graph.add(`${name}.length`, 'ReduceL2', [x], { axes: ints(1), keepdims: int(1) });
  const epsilon = graph.scalar(`${name}.epsilon`, L2_EPS);
  return graph.add(`${name}.normalized`, 'Div', [x, graph.add(`${name}.divisor`, 'Max', [length, epsilon])]);
}
