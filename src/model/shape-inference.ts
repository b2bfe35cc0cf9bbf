import { ModelError } from '../errors.js';
import type { GraphNode } from '../graph.js';
import { elementCount } from '../tensor.js';

/** What is known of an operator's input. */
export interface KnownValue {
  readonly shape: readonly number[]; // for a batch of one image
  readonly ints: () => readonly number[]; // the elements of an int64 constant
}

type Shape = readonly number[];
type Rule = (inputs: readonly KnownValue[], node: GraphNode) => Shape;

function intOf({ attributes }: GraphNode, name: string, fallback: number): number {
  const attribute = attributes[name];
  return attribute?.kind === 'int' ? attribute.value : fallback;
}

function intsOf({ attributes }: GraphNode, name: string): readonly number[] | undefined {
  const attribute = attributes[name];
  return attribute?.kind === 'ints' ? attribute.value : undefined;
}

const shapeAt = (inputs: readonly KnownValue[], i: number): Shape => {
  const input = inputs[i];
  if (input === undefined) throw new RangeError(`operator without its input ${i}`);
  return input.shape;
};
const intsAt = (inputs: readonly KnownValue[], i: number): readonly number[] => inputs[i]?.ints() ?? [];
const axisOf = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);

const same: Rule = (inputs) => shapeAt(inputs, 0);

const broadcast: Rule = (inputs) => {
  const rank = Math.max(...inputs.map(({ shape }) => shape.length));
  return Array.from({ length: rank }, (_, i) =>
    inputs.reduce((size, { shape }) => {
      const own = shape[i - rank + shape.length] ?? 1;
      if (own !== 1 && size !== 1 && own !== size)
        throw new RangeError(`shapes do not broadcast: ${inputs.map((x) => `[${x.shape}]`).join(' and ')}`);
      return own === 1 ? size : own;
    }, 1),
  );
};

/** Returns the height and width after a Conv or pool with explicit pads, rounded down. */
const windowed = (size: Shape, kernel: Shape, node: GraphNode): Shape => {
  const strides = intsOf(node, 'strides') ?? size.map(() => 1);
  const dilations = intsOf(node, 'dilations') ?? size.map(() => 1);
  const pads = intsOf(node, 'pads') ?? size.flatMap(() => [0, 0]);
  return size.map((length, i) => {
    const at = (values: Shape, index: number) => values[index] ?? 0;
    const span = at(dilations, i) * (at(kernel, i) - 1) + 1;
    const padded = length + at(pads, i) + at(pads, i + size.length);
    return Math.floor((padded - span) / at(strides, i)) + 1;
  });
};

const conv: Rule = (inputs, node) => {
  const [n = 1, , ...size] = shapeAt(inputs, 0);
  const [outChs = 1, , ...kernel] = shapeAt(inputs, 1);
  return [n, outChs, ...windowed(size, kernel, node)];
};

const pool: Rule = (inputs, node) => {
  const [n = 1, c = 1, ...size] = shapeAt(inputs, 0);
  return [n, c, ...windowed(size, intsOf(node, 'kernel_shape') ?? [], node)];
};

const globalPool: Rule = (inputs) => shapeAt(inputs, 0).map((size, i) => (i < 2 ? size : 1));

const matMul: Rule = (inputs, node) => {
  const swap = (shape: Shape, transposed: boolean) =>
    transposed ? [...shape.slice(0, -2), shape.at(-1) ?? 1, shape.at(-2) ?? 1] : shape;
  const a = swap(shapeAt(inputs, 0), intOf(node, 'transA', 0) === 1);
  const b = swap(shapeAt(inputs, 1), intOf(node, 'transB', 0) === 1);
  if (a.at(-1) !== b.at(-2)) throw new RangeError(`shapes do not multiply: [${a}] and [${b}]`);
  const batch = (shape: Shape): KnownValue => ({ shape: shape.slice(0, -2), ints: () => [] });
  return [...broadcast([batch(a), batch(b)], node), a.at(-2) ?? 1, b.at(-1) ?? 1];
};

const transpose: Rule = (inputs, node) => {
  const shape = shapeAt(inputs, 0);
  return (intsOf(node, 'perm') ?? [...shape.keys()].reverse()).map((axis) => shape[axis] ?? 1);
};

const reshape: Rule = (inputs) => {
  const shape = shapeAt(inputs, 0);
  const wanted = intsAt(inputs, 1).map((size, i) => (size === 0 ? (shape[i] ?? 1) : size));
  const known = elementCount(wanted.filter((size) => size !== -1));
  const result = wanted.map((size) => (size === -1 ? elementCount(shape) / known : size));
  if (elementCount(result) !== elementCount(shape) || !result.every(Number.isInteger)) {
    throw new RangeError(`[${shape}] cannot be reshaped to [${wanted}]`);
  }
  return result;
};

const flatten: Rule = (inputs, node) => {
  const shape = shapeAt(inputs, 0);
  const axis = axisOf(intOf(node, 'axis', 1), shape.length);
  return [elementCount(shape.slice(0, axis)), elementCount(shape.slice(axis))];
};

const gather: Rule = (inputs, node) => {
  const shape = shapeAt(inputs, 0);
  const axis = axisOf(intOf(node, 'axis', 0), shape.length);
  return [...shape.slice(0, axis), ...shapeAt(inputs, 1), ...shape.slice(axis + 1)];
};

const concat: Rule = (inputs, node) => {
  const shape = shapeAt(inputs, 0);
  const axis = axisOf(intOf(node, 'axis', 0), shape.length);
  const total = inputs.reduce((sum, input) => sum + (input.shape[axis] ?? 0), 0);
  return shape.map((size, i) => (i === axis ? total : size));
};

const slice: Rule = (inputs) => {
  const result = [...shapeAt(inputs, 0)];
  const [starts, ends, axes, steps] = [1, 2, 3, 4].map((i) => intsAt(inputs, i));
  for (const [i, start] of (starts ?? []).entries()) {
    const axis = axisOf(axes?.[i] ?? i, result.length);
    const size = result[axis] ?? 0;
    const clamp = (at: number) => Math.min(size, Math.max(0, at < 0 ? at + size : at));
    result[axis] = Math.ceil((clamp(ends?.[i] ?? size) - clamp(start)) / (steps?.[i] ?? 1));
  }
  return result;
};

const pad: Rule = (inputs) => {
  const shape = shapeAt(inputs, 0);
  const pads = intsAt(inputs, 1);
  return shape.map((size, i) => size + (pads[i] ?? 0) + (pads[i + shape.length] ?? 0));
};

/** Axes are an attribute or, for ReduceSum, an input. */
const reduce: Rule = (inputs, node) => {
  const shape = shapeAt(inputs, 0);
  const given = intsOf(node, 'axes') ?? (inputs.length > 1 ? intsAt(inputs, 1) : [...shape.keys()]);
  const axes = given.map((axis) => axisOf(axis, shape.length));
  const kept = shape.map((size, i) => (axes.includes(i) ? 1 : size));
  return intOf(node, 'keepdims', 1) === 1 ? kept : kept.filter((_, i) => !axes.includes(i));
};

const UNARY =
  'Relu Sigmoid Tanh Elu Selu LeakyRelu HardSigmoid HardSwish Softplus Erf Sqrt Cast Identity QuickGelu';
const BINARY = 'Add Sub Mul Div Max Pow PRelu Clip';
const SAME_AS_FIRST = 'Softmax InstanceNormalization LayerNormalization QuantizeLinear DequantizeLinear';
const REDUCE = 'ReduceMean ReduceMin ReduceMax ReduceSum ReduceL2';

const rules = (ops: string, rule: Rule) => Object.fromEntries(ops.split(' ').map((op) => [op, rule]));

const RULES: Readonly<Record<string, Rule>> = {
  ...rules(UNARY, same),
  ...rules(BINARY, broadcast),
  ...rules(SAME_AS_FIRST, same),
  ...rules(REDUCE, reduce),
  ...rules('Conv', conv),
  ...rules('MaxPool AveragePool', pool),
  ...rules('GlobalAveragePool GlobalMaxPool', globalPool),
  ...rules('MatMul FusedMatMul', matMul),
  ...rules('Transpose', transpose),
  ...rules('Reshape', reshape),
  ...rules('Flatten', flatten),
  ...rules('Gather', gather),
  ...rules('Concat', concat),
  ...rules('Slice', slice),
  ...rules('Pad', pad),
};

/** The operators that have a rule. */
export const KNOWN_OPS: readonly string[] = Object.keys(RULES);

/**
 * Infers the shape of an operator's one output, from ONNX's definition of the operator
 * (https://github.com/onnx/onnx/blob/main/docs/Operators.md). Covers the operators in halonet's graphs.
 *
 * @throws ModelError if its inputs do not fit each other, because the configuration combines incompatible layers
 */
export function inferShape(node: GraphNode, inputs: readonly KnownValue[]): readonly number[] {
  const rule = Object.hasOwn(RULES, node.op) ? RULES[node.op] : undefined;
  if (rule === undefined)
    throw new RangeError(`node ${node.name}: no shape rule for the operator ${node.op}`);
  try {
    return rule(inputs, node);
  } catch (error) {
    throw new ModelError(`${node.name} (${node.op}): ${(error as Error).message}`, {
      hint: 'The configuration asks for layers whose shapes do not fit each other.',
      cause: error,
    });
  }
}
