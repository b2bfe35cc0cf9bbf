import { ModelError } from '../../errors.js';
import type { Graph, GraphNode } from '../../graph.js';
import { asFloat32, elementCount, type LazyTensor } from '../../tensor.js';
import { type GraphBuilder, int } from '../graph-builder.js';
import { isGateOf, planInt8 } from './int8-plan.js';
import { rewritten } from './rewrite.js';

/** The range of an activation that 8 bits represent; values outside it are clipped. */
export interface Range {
  readonly min: number;
  readonly max: number;
}

/**
 * Converts the convolutions of a graph of standard operators, and the operators between them, to int8: weights with
 * a scale per output channel, activations as uint8 over the given ranges. As usual in ONNX, integer arithmetic is
 * written as float operators between DequantizeLinear and QuantizeLinear, which ONNX Runtime replaces with integer
 * ones (https://onnxruntime.ai/docs/performance/model-optimizations/quantization.html).
 *
 * @param ranges of the values of {@link planInt8}
 * @throws ModelError if a range is missing
 */
export function toInt8(graph: Graph, ranges: ReadonlyMap<string, Range>): Graph {
  const { nodes, values, isComputed } = planInt8(graph);
  const isUsedOnlyBy = soleUses(graph);
  // ONNX Runtime drops a Relu before a QuantizeLinear with zero point 0, since the 8-bit range excludes negative
  // values.
  const isClamped = (value: string) => isUsedOnlyBy(value, (user) => user.op === 'Relu');
  const producers = new Map(graph.nodes.map((node) => [node.outputs[0], node]));
  const isPartOfSilu = ({ op, inputs: [x = '', gate = ''] }: GraphNode) =>
    op === 'Sigmoid' || (op === 'Mul' && isGateOf(producers.get(gate), x));
  const encodingOf = (value: string): Affine => {
    const { op, inputs: [x = ''] = [] } = producers.get(value) ?? {};
    if (op === 'MaxPool' && isComputed(value)) return encodingOf(x); // otherwise ONNX Runtime would not make it an integer operator
    const range = ranges.get(value);
    if (range === undefined) throw new ModelError(`int8: the range of ${value} was not measured`);
    const isFlatBelow = isUsedOnlyBy(value, isPartOfSilu);
    return affine(isFlatBelow ? { ...range, min: Math.max(range.min, SILU_IS_FLAT_BELOW) } : range);
  };
  const known = new Map<string, string>();
  const in8Bits = (builder: GraphBuilder, value: string, name: string) => {
    const done = known.get(value) ?? roundTrip(builder, name, encodingOf(value));
    known.set(value, done);
    return done;
  };
  return rewritten(graph, (node, inputs, builder) => {
    const isInt8 = nodes.has(node);
    const operands = inputs.map((name, i) => {
      const value = node.inputs[i] ?? '';
      if (!isComputed(value) && !(isInt8 && values.has(value))) return name;
      return isClamped(value) ? name : in8Bits(builder, value, name);
    });
    if (!isInt8 || node.op !== 'Conv') return builder.copy(node, operands);
    const [x = ''] = operands;
    const { scale } = encodingOf(node.inputs[0] ?? '');
    return builder.copy(node, [x, ...int8Weights(builder, graph, node, scale)]);
  });
}

const SILU_IS_FLAT_BELOW = -6; // x · sigmoid(x) is within 0.015 of 0 there

type Uses = (value: string, isOne: (user: GraphNode) => boolean) => boolean;

/** Whether all operators that use a value are of one kind. */
function soleUses({ nodes }: Graph): Uses {
  const users = new Map<string, GraphNode[]>();
  for (const node of nodes) {
    for (const input of node.inputs) users.set(input, [...(users.get(input) ?? []), node]);
  }
  return (value, isOne) => (users.get(value) ?? []).every(isOne);
}

/** How 8 bits represent numbers: x = scale · (q − zeroPoint), q from 0 to 255. */
interface Affine {
  readonly scale: number;
  readonly zeroPoint: number;
}

const LEVELS = 255;
const SMALLEST_SCALE = 1e-10; // for an activation that is always 0

/** Represents zero exactly, since convolutions pad with it. */
function affine({ min, max }: Range): Affine {
  const [low, high] = [Math.min(0, min), Math.max(0, max)];
  const scale = Math.max((high - low) / LEVELS, SMALLEST_SCALE);
  return { scale, zeroPoint: Math.round(-low / scale) };
}

function roundTrip(builder: GraphBuilder, name: string, { scale, zeroPoint }: Affine): string {
  const zero: LazyTensor = { dtype: 'uint8', shape: [], read: () => Uint8Array.of(zeroPoint) };
  const encoding = [builder.scalar(`${name}.scale`, scale), builder.constant(`${name}.zero_point`, zero)];
  const quantized = builder.add(`${name}.int8`, 'QuantizeLinear', [name, ...encoding]);
  return builder.add(`${name}.real`, 'DequantizeLinear', [quantized, ...encoding]);
}

/** Adds the weight and, if there is one, the bias of a convolution. */
function int8Weights(
  builder: GraphBuilder,
  { initializers }: Graph,
  { inputs: [, weight = '', bias = ''] }: GraphNode,
  inputScale: number,
): string[] {
  const tensor = initializers.get(weight);
  if (tensor === undefined) throw new RangeError(`the graph has no constant ${weight}`);
  const [outChs = 0] = tensor.shape;
  const biasTensor = initializers.get(bias);
  // Reading weights computes them each time, so read them once for both scales and values.
  let read: QuantizedConv | undefined;
  const quantized = () => {
    read ??= quantizeConv(tensor, biasTensor, inputScale);
    return read;
  };
  const channelwise = (name: string, integers: LazyTensor, scales: () => Float32Array) => {
    const zeros: LazyTensor = {
      dtype: integers.dtype,
      shape: [outChs],
      read: () => new Uint8Array(outChs * (integers.dtype === 'int8' ? 1 : 4)),
    };
    const parts = [
      builder.constant(`${name}.int8`, integers),
      builder.floats(`${name}.scale`, [outChs], scales),
      builder.constant(`${name}.zero_point`, zeros),
    ];
    return builder.add(`${name}.real`, 'DequantizeLinear', parts, { axis: int(0) });
  };
  const operands = [
    channelwise(
      weight,
      { dtype: 'int8', shape: tensor.shape, read: () => new Uint8Array(quantized().weights.buffer) },
      () => quantized().scales,
    ),
  ];
  if (biasTensor !== undefined) {
    operands.push(
      channelwise(
        bias,
        { dtype: 'int32', shape: [outChs], read: () => new Uint8Array(quantized().biases.buffer) },
        () => quantized().scales.map((scale) => scale * inputScale),
      ),
    );
  }
  return operands;
}

interface QuantizedConv {
  readonly weights: Int8Array;
  readonly scales: Float32Array; // per output channel
  readonly biases: Int32Array; // in units of the input's scale times the channel's
}

/**
 * The largest magnitude of an int8 weight: 7 bits, not 8. Processors without VNNI multiply with `vpmaddubsw`, which
 * adds two products of an activation and a weight in 16 bits and saturates the sum: 2 · 255 · 63 fits, 2 · 255 ·
 * 127 does not. With 7-bit weights, the same file is correct on every processor.
 */
export const MAX_WEIGHT = 63;
const MAX_BIAS = 2 ** 30; // half the range of 32 bits: the rest is for the products

/**
 * @param weight [outChs, …]
 * @param bias [outChs]
 */
function quantizeConv(weight: LazyTensor, bias: LazyTensor | undefined, inputScale: number): QuantizedConv {
  const [outChs = 0] = weight.shape;
  const values = asFloat32(weight.read());
  const offsets = bias === undefined ? new Float32Array(outChs) : asFloat32(bias.read());
  const perChannel = elementCount(weight.shape) / outChs;
  const weights = new Int8Array(values.length);
  const scales = new Float32Array(outChs);
  const biases = new Int32Array(outChs);
  for (let channel = 0; channel < outChs; channel++) {
    const [start, end] = [channel * perChannel, (channel + 1) * perChannel];
    let largest = 0;
    for (let i = start; i < end; i++) largest = Math.max(largest, Math.abs(values[i] as number));
    const offset = offsets[channel] as number;
    // The bias of a channel with tiny weights may not fit in their unit.
    const scale = Math.max(largest / MAX_WEIGHT, Math.abs(offset) / (inputScale * MAX_BIAS), SMALLEST_SCALE);
    for (let i = start; i < end; i++) weights[i] = Math.round((values[i] as number) / scale);
    scales[channel] = scale;
    biases[channel] = Math.round(offset / (inputScale * scale));
  }
  return { weights, scales, biases };
}
