import type { DType, LazyTensor } from './tensor.js';

/** An operator attribute. ONNX distinguishes integers from floats, so the kind is explicit. */
export type Attribute =
  | { readonly kind: 'int'; readonly value: number }
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'ints'; readonly value: readonly number[] }
  | { readonly kind: 'string'; readonly value: string };

/** One operator. ONNX's standard operators have the domain ''; ONNX Runtime's own are in 'com.microsoft'. */
export interface GraphNode {
  readonly name: string;
  readonly op: string;
  readonly domain: '' | 'com.microsoft';
  readonly inputs: readonly string[]; // '' for an optional input that is left out
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

/** A graph input or output. A string dimension is symbolic (the batch). */
export interface GraphValue {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly (number | string)[];
}

/** A network as data, in ONNX's terms: nodes in topological order over named values. */
export interface Graph {
  readonly name: string;
  readonly nodes: readonly GraphNode[];
  readonly initializers: ReadonlyMap<string, LazyTensor>;
  readonly inputs: readonly GraphValue[];
  readonly outputs: readonly GraphValue[];
}
