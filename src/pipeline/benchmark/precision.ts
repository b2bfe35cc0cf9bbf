import type { Graph } from '../../graph.js';
import { toHalf } from '../../model/passes/half.js';
import { toStandardOps } from '../../model/passes/standard-ops.js';

/** What a benchmark can run in. */
export const BENCHMARK_PRECISIONS = ['fp32', 'fp16'] as const;

export type BenchmarkPrecision = (typeof BENCHMARK_PRECISIONS)[number];

/** The graph, computed in this precision. */
export function inPrecision(graph: Graph, precision: BenchmarkPrecision): Graph {
  return precision === 'fp16' ? toHalf(toStandardOps(graph)) : graph;
}
