import assert from 'node:assert/strict';
import { steadyRate } from '../../src/benchmark/steady-rate.js';

const near = (actual: number, expected: number) =>
  assert.ok(Math.abs(actual / expected - 1) < 1e-3, `${actual}`);

describe('steadyRate', () => {
  it('counts from the end of a batch to the last row, and leaves out a slow start', () => {
    const batch = (start: number) => Array.from({ length: 8 }, (_, i) => start + i * 1e-5);
    const slow = [1, 2, 3].map((i) => i * 2);
    const steady = [7, 7.5, 8, 8.5, 9, 9.5].flatMap(batch); // 16 rows a second
    near(steadyRate([...slow, ...steady]), 16);
  });

  it('gives the exact rate of rows that arrive one by one', () => {
    near(steadyRate(Array.from({ length: 20 }, (_, i) => i / 5)), 5);
  });

  it('needs at least four rows', () => {
    near(steadyRate([0, 1, 2, 3]), 1);
    assert.throws(() => steadyRate([0, 1, 2]), RangeError);
  });
});
