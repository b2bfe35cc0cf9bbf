/**
 * Returns the indices of the `k` largest scores, largest first; equal scores by lower index, NaN after every number
 * (`torch.topk` puts it first). Returns all indices if `k` exceeds their number.
 */
export function topK(scores: Float32Array, k: number): number[] {
  const best: number[] = [];
  for (let index = 0; index < scores.length; index += 1) {
    const last = best[k - 1];
    if (last !== undefined && !outranks(scores, index, last)) continue;
    best.splice(rankOf(scores, index, best), 0, index);
    if (best.length > k) best.pop();
  }
  return best;
}

/** Finds by binary search the position in `best` for `index`, which is higher than all indices in it. */
function rankOf(scores: Float32Array, index: number, best: readonly number[]): number {
  let low = 0;
  let high = best.length; // exclusive
  while (low < high) {
    const middle = (low + high) >> 1;
    if (outranks(scores, index, best[middle] ?? 0)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Returns whether the later index `a` has the strictly larger score. */
function outranks(scores: Float32Array, a: number, b: number): boolean {
  const x = scores[a] ?? NaN;
  const y = scores[b] ?? NaN;
  return x > y || (Number.isNaN(y) && !Number.isNaN(x));
}
