import { ModelError } from '../errors.js';
import type { Graph } from '../graph.js';
import { toHalf } from '../model/passes/half.js';
import { toStandardOps } from '../model/passes/standard-ops.js';
import type { Precision } from './model-source.js';

/**
 * A graph in another floating precision.
 *
 * @param has the precision it is in
 * @throws ModelError when that is half and single is wanted
 */
export function inFloats(graph: Graph, has: Precision, wanted: Precision): Graph {
  if (has === wanted) return graph;
  if (wanted === 'fp16') return toHalf(toStandardOps(graph));
  throw new ModelError('the model is in half precision already; the lost precision cannot be restored', {
    hint: 'Use the checkpoint, or pass --precision fp16.',
  });
}
