import assert from 'node:assert/strict';
import { misspelled, nearest } from '../src/spelling.js';

const NAMES = ['relu', 'silu', 'gelu', 'hard_swish', 'output_stride'];

describe('misspelled', () => {
  it('knows a slip of a letter or two, and no more', () => {
    assert.equal(misspelled('output_strid', NAMES), 'output_stride');
    assert.equal(misspelled('hardswish', NAMES), 'hard_swish');
    assert.equal(misspelled('RELU', NAMES), undefined); // that is the name
    assert.equal(misspelled('swish', NAMES), undefined);
    assert.equal(misspelled('elu', NAMES), 'relu');
    assert.equal(misspelled('mu', NAMES), undefined); // half of the letters
  });
});

describe('nearest', () => {
  it('gives the three that are spelled most alike', () => {
    assert.deepEqual(nearest('hard_swiss', NAMES)[0], 'hard_swish');
    assert.equal(nearest('x', NAMES).length, 3);
  });
});
