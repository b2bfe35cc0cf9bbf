import assert from 'node:assert/strict';
import { relativeSpread, spreadOf } from '../../src/benchmark/statistics.js';

describe('spreadOf', () => {
  it("matches NumPy's median and quartiles, and keeps the samples in order", () => {
    // numpy.percentile([5, 1, 4, 2], [25, 50, 75])
    assert.deepEqual(spreadOf([5, 1, 4, 2]), { median: 3, low: 1.75, high: 4.25, samples: [5, 1, 4, 2] });
    const { median, low, high } = spreadOf([10, 30, 20]);
    assert.deepEqual([low, median, high], [15, 20, 25]);
  });

  it('sorts by value, not by text', () => {
    assert.equal(spreadOf([9, 10, 100]).median, 10);
  });

  it('gives the interquartile range relative to the median as unrest', () => {
    assert.equal(relativeSpread(spreadOf([10, 30, 20])), 0.5);
    assert.equal(relativeSpread(spreadOf([4, 4])), 0);
  });

  it('gives a single point for one sample, and throws for none', () => {
    assert.deepEqual(spreadOf([7]), { median: 7, low: 7, high: 7, samples: [7] });
    assert.throws(() => spreadOf([]), RangeError);
  });
});
