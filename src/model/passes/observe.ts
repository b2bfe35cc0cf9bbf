import type { Graph, GraphValue } from '../../graph.js';
import { GraphBuilder, int, ints } from '../graph-builder.js';
import { transplant } from './rewrite.js';

/** Returns the names of the outputs that hold a value's smallest and largest element. */
export const extremesOf = (value: string) => ({ min: `min of ${value}`, max: `max of ${value}` });

/** Adds outputs to the graph: the smallest and the largest element of each of `values`, [batch] each ({@link extremesOf}). */
export function observed(graph: Graph, values: Iterable<string>): Graph {
  const builder = new GraphBuilder();
  const names = transplant(graph, builder, () => undefined);
  const outputs: GraphValue[] = [...graph.outputs];
  for (const value of values) {
    const x = names.get(value) ?? value;
    const axes = builder.shapeOf(x).map((_, axis) => axis);
    const { min, max } = extremesOf(value);
    for (const [name, op] of [
      [min, 'ReduceMin'],
      [max, 'ReduceMax'],
    ] as const) {
      builder.add(name, op, [x], { axes: ints(...axes.slice(1)), keepdims: int(0) });
      outputs.push({ name, dtype: 'float32', shape: ['batch'] });
    }
  }
  return builder.build(graph.name, graph.inputs, outputs);
}
