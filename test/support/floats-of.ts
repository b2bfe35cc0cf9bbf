import { CheckpointWeights } from '../../src/model/weights.js';
import type { Tensor } from '../../src/tensor.js';

/** Returns the elements of a tensor of floats, widened without loss. */
export function floatsOf(tensor: Tensor): Float32Array {
  return new CheckpointWeights(new Map([['floats', tensor]]), 'floats').take('floats', tensor.shape).read();
}
