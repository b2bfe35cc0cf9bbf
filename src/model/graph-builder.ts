import type { Attribute, Graph, GraphNode, GraphValue } from '../graph.js';
import type { Tensor } from '../tensor.js';

type Attributes = Readonly<Record<string, Attribute>>;

export const int = (value: number): Attribute => ({ kind: 'int', value });
export const float = (value: number): Attribute => ({ kind: 'float', value });
export const ints = (...value: readonly number[]): Attribute => ({ kind: 'ints', value });

/** Collects the nodes and constants of a graph. Values are named by the module that makes them. */
export class GraphBuilder {
  readonly #nodes: GraphNode[] = [];
  readonly #initializers = new Map<string, Tensor>();
  readonly #taken = new Set<string>();
  readonly #shapes = new Map<string, string>();

  /** Adds an operator of ONNX's own set and returns the name of its one output. */
  add(name: string, op: string, inputs: readonly string[], attributes: Attributes = {}): string {
    return this.#push(name, op, '', inputs, attributes);
  }

  /** Adds one of ONNX Runtime's own operators (domain `com.microsoft`). */
  addMicrosoft(name: string, op: string, inputs: readonly string[], attributes: Attributes = {}): string {
    return this.#push(name, op, 'com.microsoft', inputs, attributes);
  }

  /** A constant tensor; returns its name. */
  constant(name: string, tensor: Tensor): string {
    const unique = this.#unique(name);
    this.#initializers.set(unique, tensor);
    return unique;
  }

  /** A constant float32 tensor; the elements are not copied. */
  floats(name: string, shape: readonly number[], values: Float32Array): string {
    const data = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    return this.constant(name, { dtype: 'float32', shape, data });
  }

  /** A constant int64 vector, such as the rows of a Gather. */
  int64(name: string, values: readonly number[]): string {
    const data = new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
    return this.constant(name, { dtype: 'int64', shape: [values.length], data });
  }

  /** A constant shape; equal ones are shared. */
  shape(...values: readonly number[]): string {
    const key = `shape.${values.join('x')}`;
    const known = this.#shapes.get(key) ?? this.int64(key, values);
    this.#shapes.set(key, known);
    return known;
  }

  /** Reshape to `shape`: 0 keeps the dimension, -1 takes the rest (ONNX Reshape). */
  reshape(name: string, x: string, shape: readonly number[]): string {
    return this.add(name, 'Reshape', [x, this.shape(...shape)]);
  }

  transpose(name: string, x: string, perm: readonly number[]): string {
    return this.add(name, 'Transpose', [x], { perm: ints(...perm) });
  }

  /** The graph of what `outputs` need: nodes and constants that reach none of them are left out. */
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
    const output = this.#unique(name);
    this.#nodes.push({ name: output, op, domain, inputs, outputs: [output], attributes });
    return output;
  }

  #unique(name: string): string {
    let unique = name;
    for (let n = 2; this.#taken.has(unique); n++) unique = `${name}:${n}`;
    this.#taken.add(unique);
    return unique;
  }
}
