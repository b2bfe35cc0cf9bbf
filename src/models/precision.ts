import { ModelError } from '../errors.js';
import type { Graph } from '../graph.js';
import { toHalf } from '../model/passes/half.js';
import { toStandardOps } from '../model/passes/standard-ops.js';
import type { Precision } from './model-source.js';

/**
 * Converts a graph to another floating-point precision.
 *
 * @param has its current precision
 * @throws ModelError if that is half and single is requested
 */
export function toFloats(graph: Graph, has: Precision, wanted: Precision): Graph {
  if (has === wanted) return graph;
  if (wanted === 'fp16') return toHalf(toStandardOps(graph));
  throw new ModelError('the model is in half precision already: the lost precision cannot be restored', {
    hint: 'Use the checkpoint that it was converted from, or pass --precision fp16.',
  });
}
