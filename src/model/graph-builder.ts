import type { Attribute, Graph, GraphNode, GraphValue } from '../graph.js';
import type { LazyTensor } from '../tensor.js';
import { inferShape } from './shape-inference.js';

type Attributes = Readonly<Record<string, Attribute>>;

export const int = (value: number): Attribute => ({ kind: 'int', value });
export const float = (value: number): Attribute => ({ kind: 'float', value });
export const ints = (...value: readonly number[]): Attribute => ({ kind: 'ints', value });

// https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3 TensorProto.DataType
const CAST_TO = { float32: 1, float16: 10 } as const;

/**
 * Collects the nodes and constants of a graph. Each module names the values it makes; the builder tracks their
 * shapes for a batch of one image.
 */
export class GraphBuilder {
  readonly #nodes: GraphNode[] = [];
  readonly #initializers = new Map<string, LazyTensor>();
  readonly #shapes = new Map<string, readonly number[]>();
  readonly #sharedShapes = new Map<string, string>();

  /** Declares an input of the graph. */
  input(value: GraphValue): void {
    this.#declare(
      value.name,
      value.shape.map((size) => (typeof size === 'number' ? size : 1)),
    );
  }

  /** Adds a standard ONNX operator and returns the name of its one output. Inputs named '' are omitted. */
  add(name: string, op: string, inputs: readonly string[], attributes: Attributes = {}): string {
    return this.#push(name, op, '', inputs, attributes);
  }

  /** Adds one of ONNX Runtime's own operators (domain `com.microsoft`). */
  addMicrosoft(name: string, op: string, inputs: readonly string[], attributes: Attributes = {}): string {
    return this.#push(name, op, 'com.microsoft', inputs, attributes);
  }

  /**
   * Adds an operator of another graph, with its inputs renamed; returns the name of its output.
   *
   * @throws RangeError unless it has exactly one output, as all operators in our graphs do
   */
  copy({ outputs: [name, ...more], op, domain, attributes }: GraphNode, inputs: readonly string[]): string {
    if (name === undefined || more.length > 0) throw new RangeError(`${op}: expected one output`);
    return this.#push(name, op, domain, inputs, attributes);
  }

  /** Adds a constant tensor; returns its name. */
  constant(name: string, tensor: LazyTensor): string {
    const unique = this.#declare(name, tensor.shape);
    this.#initializers.set(unique, tensor);
    return unique;
  }

  /** Adds a constant float32 tensor, computed when it is encoded. */
  floats(name: string, shape: readonly number[], values: () => Float32Array): string {
    const read = () => {
      const { buffer, byteOffset, byteLength } = values();
      return new Uint8Array(buffer, byteOffset, byteLength);
    };
    return this.constant(name, { dtype: 'float32', shape, read });
  }

  /** Adds a constant float32 number. */
  scalar(name: string, value: number): string {
    return this.floats(name, [], () => Float32Array.of(value));
  }

  /** Adds a constant int64 vector, such as the rows of a Gather. */
  int64(name: string, length: number, values: () => readonly number[]): string {
    const read = () => new Uint8Array(BigInt64Array.from(values(), BigInt).buffer);
    return this.constant(name, { dtype: 'int64', shape: [length], read });
  }

  /** Adds a constant shape, or another short list of integers; equal ones are shared. */
  shape(...values: readonly number[]): string {
    const key = `shape.${values.join('x')}`;
    const known = this.#sharedShapes.get(key) ?? this.int64(key, values.length, () => values);
    this.#sharedShapes.set(key, known);
    return known;
  }

  /** Reshapes to `shape`: 0 keeps the dimension, -1 infers it (ONNX Reshape). */
  reshape(name: string, x: string, shape: readonly number[]): string {
    return this.add(name, 'Reshape', [x, this.shape(...shape)]);
  }

  transpose(name: string, x: string, perm: readonly number[]): string {
    return this.add(name, 'Transpose', [x], { perm: ints(...perm) });
  }

  /** Adds values of the same shape. */
  sum(name: string, values: readonly string[]): string {
    return values.reduce((total, value) => this.add(name, 'Add', [total, value]));
  }

  /** Averages two values. */
  average(name: string, a: string, b: string): string {
    return this.add(name, 'Mul', [this.sum(`${name}.sum`, [a, b]), this.scalar(`${name}.half`, 0.5)]);
  }

  /** Slices from `from` to `to` (exclusive) along one axis. */
  slice(name: string, x: string, axis: number, from: number, to: number): string {
    return this.add(name, 'Slice', [x, this.shape(from), this.shape(to), this.shape(axis)]);
  }

  /** Converts to another floating-point type. */
  cast(name: string, x: string, dtype: keyof typeof CAST_TO): string {
    return this.add(name, 'Cast', [x], { to: int(CAST_TO[dtype]) });
  }

  /** Returns the shape of a value, for a batch of one image. */
  shapeOf(name: string): readonly number[] {
    const shape = this.#shapes.get(name);
    if (shape === undefined) throw new RangeError(`the graph has no value ${name}`);
    return shape;
  }

  /** Returns the graph that computes `outputs`, without nodes and constants that none of them needs. */
  build(name: string, inputs: readonly GraphValue[], outputs: readonly GraphValue[]): Graph {
    const needed = new Set(outputs.map((output) => output.name));
    const nodes = this.#nodes.toReversed().filter((node) => {
      if (!node.outputs.some((output) => needed.has(output))) return false;
      for (const input of node.inputs) needed.add(input);
      return true;
    });
    const initializers = new Map([...this.#initializers].filter(([key]) => needed.has(key)));
    return { name, nodes: nodes.reverse(), initializers, inputs, outputs };
  }

  #push(
    name: string,
    op: string,
    domain: '' | 'com.microsoft',
    inputs: readonly string[],
    attributes: Attributes,
  ): string {
    const known = inputs.filter((input) => input !== '');
    const node = { name, op, domain, inputs, outputs: [name], attributes };
    const output = this.#declare(
      name,
      inferShape(
        node,
        known.map((input) => this.#known(input)),
      ),
    );
    this.#nodes.push({ ...node, name: output, outputs: [output] });
    return output;
  }

  #known(name: string) {
    const ints = () => {
      const bytes = this.#initializers.get(name)?.read();
      return bytes === undefined ? [] : Array.from(new BigInt64Array(new Uint8Array(bytes).buffer), Number);
    };
    return { shape: this.shapeOf(name), ints };
  }

  #declare(name: string, shape: readonly number[]): string {
    let unique = name;
    for (let n = 2; this.#shapes.has(unique); n++) unique = `${name}:${n}`;
    this.#shapes.set(unique, shape);
    return unique;
  }
}
