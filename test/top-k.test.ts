import assert from 'node:assert/strict';
import { topK } from '../src/top-k.js';

describe('topK', () => {
  it('orders by descending score, equal scores by lower index', () => {
    assert.deepEqual(topK(Float32Array.of(1, 3, 2, 3, 0, 3), 4), [1, 3, 5, 2]);
    assert.deepEqual(topK(new Float32Array(6), 3), [0, 1, 2]);
  });

  it('clips k to the number of scores', () => {
    assert.deepEqual(topK(Float32Array.of(-1, 2), 5), [1, 0]);
  });

  it('ranks NaN below minus infinity', () => {
    assert.deepEqual(topK(Float32Array.of(NaN, -Infinity, NaN, 1, Infinity), 5), [4, 3, 1, 0, 2]);
    assert.deepEqual(topK(Float32Array.of(NaN, NaN, 0), 1), [2]);
  });

  it('agrees with a stable sort', () => {
    const scores = Float32Array.from({ length: 500 }, (_, i) => (i * 7919) % 101);
    const sorted = Array.from(scores.keys()).sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0));
    for (const k of [1, 5, 100, 500]) assert.deepEqual(topK(scores, k), sorted.slice(0, k));
  });
});
