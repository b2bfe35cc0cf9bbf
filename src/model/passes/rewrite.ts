// src/model/passes/: rewrites graphs: to standard operators, to half precision, to int8

import type { Graph, GraphNode } from '../../graph.js';
import { GraphBuilder } from '../graph-builder.js';

/**
 * Adds the replacement of a node; returns the name of its output, or undefined to keep the node.
 *
 * @param inputs the names of the node's inputs in the new graph
 */
export type Rewrite = (node: GraphNode, inputs: readonly string[], graph: GraphBuilder) => string | undefined;

/**
 * Adds a whole graph to a builder, node by node.
 *
 * @returns the names of its values in the builder
 * @throws RangeError if shapes in the graph are inconsistent
 */
export function transplant(
  { inputs, initializers, nodes }: Graph,
  into: GraphBuilder,
  rewrite: Rewrite,
): ReadonlyMap<string, string> {
  const names = new Map([['', '']]);
  const nameOf = (value: string) => {
    const name = names.get(value);
    if (name === undefined) throw new RangeError(`the graph has no value ${value}`);
    return name;
  };
  for (const input of inputs) {
    into.input(input);
    names.set(input.name, input.name);
  }
  for (const [name, tensor] of initializers) names.set(name, into.constant(name, tensor));
  for (const node of nodes) {
    const used = node.inputs.map(nameOf);
    names.set(node.outputs[0] ?? '', rewrite(node, used, into) ?? into.copy(node, used));
  }
  return names;
}

/** Returns the graph with some of its nodes replaced; inputs and outputs keep their names. */
export function rewritten(graph: Graph, rewrite: Rewrite): Graph {
  const builder = new GraphBuilder();
  const names = transplant(graph, builder, rewrite);
  for (const { name } of graph.outputs) {
    if (names.get(name) !== name) throw new RangeError(`output ${name} became ${names.get(name)}`);
  }
  return builder.build(graph.name, graph.inputs, graph.outputs);
}
