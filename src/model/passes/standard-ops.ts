import type { Graph, GraphNode } from '../../graph.js';
import type { GraphBuilder } from '../graph-builder.js';
import { rewritten } from './rewrite.js';

type Lowering = (node: GraphNode, inputs: readonly string[], graph: GraphBuilder, name: string) => string;

/**
 * Converts the graph to standard ONNX operators: splits ONNX Runtime's fused ones, so that every runtime supports
 * it. ONNX Runtime fuses them again when it loads the graph.
 *
 * @throws RangeError if there is no rule for one of its operators
 */
export function toStandardOps(graph: Graph): Graph {
  return rewritten(graph, (node, inputs, builder) => {
    if (node.domain === '') return undefined;
    const lower = LOWERINGS[node.op];
    if (lower === undefined) throw new RangeError(`no rule takes ${node.domain} ${node.op} apart`);
    return lower(node, inputs, builder, node.outputs[0] ?? '');
  });
}

const floatOf = ({ attributes }: GraphNode, name: string, fallback: number): number => {
  const attribute = attributes[name];
  return attribute?.kind === 'float' ? attribute.value : fallback;
};

const isSet = ({ attributes }: GraphNode, name: string): boolean => {
  const attribute = attributes[name];
  return attribute?.kind === 'int' && attribute.value === 1;
};

// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
const LOWERINGS: Readonly<Record<string, Lowering>> = {
  /** x · sigmoid(alpha · x) */
  QuickGelu: (node, [x = ''], graph, name) => {
    const scaled = times(graph, `${name}.scaled`, x, floatOf(node, 'alpha', 1.702));
    return graph.add(name, 'Mul', [x, graph.add(`${name}.sigmoid`, 'Sigmoid', [scaled])]);
  },
  /** alpha · A · B, either of them with its last two axes swapped */
  FusedMatMul: (node, [a = '', b = ''], graph, name) => {
    const left = isSet(node, 'transA') ? swapped(graph, `${name}.a`, a) : a;
    const right = isSet(node, 'transB') ? swapped(graph, `${name}.b`, b) : b;
    const alpha = floatOf(node, 'alpha', 1);
    if (alpha === 1) return graph.add(name, 'MatMul', [left, right]);
    return times(graph, name, graph.add(`${name}.product`, 'MatMul', [left, right]), alpha);
  },
};

function times(graph: GraphBuilder, name: string, x: string, factor: number): string {
  return factor === 1 ? x : graph.add(name, 'Mul', [x, graph.scalar(`${name}.factor`, factor)]);
}

function swapped(graph: GraphBuilder, name: string, x: string): string {
  const rank = graph.shapeOf(x).length;
  return graph.transpose(name, x, [...Array(rank - 2).keys(), rank - 1, rank - 2]);
}
