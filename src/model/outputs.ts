import { ModelError } from '../errors.js';
import type { GraphValue } from '../graph.js';
import { int, ints } from './graph-builder.js';
import type { HeadValues } from './layers/heads/head.js';
import type { FeatureMap, Net } from './layers/net.js';

/** A value of the network that can be asked for, and how it is to be finished inside the graph. */
export interface OutputRequest {
  /**
   * `logits` and `probabilities` [classes], `embedding` [features] (pooled, pre-logits), `unpooled`
   * [features, H, W], or `stage<i>` [C, H, W] (timm's `features_only`, in order of reduction).
   */
  readonly name: string;
  readonly pool?: 'avg'; // [C, H, W] to [C]
  readonly normalize?: boolean; // to unit L2 length over the channels
  readonly dtype?: 'float32' | 'float16';
}

/** A map that timm's `features_only` gives: `feature_info` says the same of it. */
export interface Feature extends FeatureMap {
  readonly reduction: number; // pixels of the image per pixel of the map, on a side
  readonly module: string; // timm's name of the layer that makes it
}

/** The values of a network that outputs are made of. */
export interface NetworkValues {
  readonly stages: readonly Feature[]; // in order of reduction
  readonly last: FeatureMap; // before pooling
  readonly head: HeadValues;
}

interface Value {
  readonly name: string;
  readonly shape: readonly number[]; // of one image
}

const ONNX_FLOAT16 = 10; // TensorProto.DataType.FLOAT16
const L2_EPS = 1e-12; // torch.nn.functional.normalize's

/** Adds one requested output under its own name. */
export function addOutput(net: Net, request: OutputRequest, values: NetworkValues): GraphValue {
  const { graph } = net;
  const { name, dtype = 'float32' } = request;
  let value = find(net, name, values);
  if (request.pool === 'avg' && value.shape.length === 3) value = pooled(net, name, value);
  if (request.normalize) value = { ...value, name: normalized(net, name, value.name) };
  if (dtype === 'float16') {
    value = { ...value, name: graph.add(`${name}.half`, 'Cast', [value.name], { to: int(ONNX_FLOAT16) }) };
  }
  return { name: graph.add(name, 'Identity', [value.name]), dtype, shape: ['batch', ...value.shape] };
}

function find(net: Net, name: string, { stages, last, head }: NetworkValues): Value {
  const stage = /^stage(\d+)$/.exec(name);
  if (stage) {
    const map = stages[Number(stage[1])];
    if (map === undefined) throw unknown(name, `The network has stages 0 to ${stages.length - 1}.`);
    return { name: map.name, shape: mapShape(map) };
  }
  switch (name) {
    case 'embedding':
      return { name: head.embedding, shape: [head.features] };
    case 'unpooled':
      return { name: last.name, shape: mapShape(last) };
    case 'logits':
      return classifierLogits(name, head);
    case 'probabilities': {
      const logits = classifierLogits(name, head);
      return { ...logits, name: net.graph.add('head.softmax', 'Softmax', [logits.name], { axis: int(-1) }) };
    }
    default:
      throw unknown(name, 'Outputs: logits, probabilities, embedding, unpooled, stage0, stage1, …');
  }
}

function classifierLogits(name: string, { logits, classes }: NetworkValues['head']): Value {
  if (logits === undefined) throw unknown(name, 'The checkpoint has no classifier (num_classes is 0).');
  return { name: logits, shape: [classes] };
}

const mapShape = ({ channels, height, width }: FeatureMap) => [channels, height, width];

function pooled({ graph }: Net, name: string, value: Value): Value {
  const mean = graph.add(`${name}.pooled`, 'GlobalAveragePool', [value.name]);
  const flat = graph.add(`${name}.pooled.flat`, 'Flatten', [mean], { axis: int(1) });
  return { name: flat, shape: value.shape.slice(0, 1) };
}

function normalized({ graph }: Net, name: string, x: string): string {
  const length = graph.add(`${name}.length`, 'ReduceL2', [x], { axes: ints(1), keepdims: int(1) });
  const epsilon = graph.scalar(`${name}.epsilon`, L2_EPS);
  return graph.add(`${name}.normalized`, 'Div', [x, graph.add(`${name}.divisor`, 'Max', [length, epsilon])]);
}

function unknown(name: string, hint: string): ModelError {
  return new ModelError(`there is no output ${JSON.stringify(name)}`, { hint });
}
