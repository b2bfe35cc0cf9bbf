import assert from 'node:assert/strict';
import { makeDivisible, roundHalfEven } from '../src/rounding.js';

describe('rounding', () => {
  it('rounds halves to even, as Python does', () => {
    assert.deepEqual([0.5, 1.5, 2.5, 8.5, 9.5, 2.4, 2.6, 0].map(roundHalfEven), [0, 2, 2, 8, 10, 2, 3, 0]);
  });

  it('makes channel counts divisible by 8, losing at most a tenth', () => {
    assert.deepEqual(
      [64, 60, 59, 11, 12, 3, 19].map((value) => makeDivisible(value)),
      [64, 64, 56, 16, 16, 8, 24],
    );
  });
});
