import assert from 'node:assert/strict';
import { meant, misspelled, nearest } from '../src/spelling.js';

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

describe('meant', () => {
  it('takes two letters that have changed places for one slip', () => {
    assert.equal(meant('--sycn', ['--sync', '--stages']), '--sync');
    assert.equal(meant('relu', ['relu6', 'prelu']), 'relu6');
    assert.equal(meant('sliu', NAMES), 'silu');
  });

  it('takes the beginning of one name for it, and of two names for none', () => {
    assert.equal(meant('output', NAMES), 'output_stride');
    assert.equal(meant('--max', ['--max-pixels', '--max-failures']), undefined);
  });
});

describe('nearest', () => {
  it('gives the three that are spelled most alike', () => {
    assert.deepEqual(nearest('hard_swiss', NAMES)[0], 'hard_swish');
    assert.equal(nearest('x', NAMES).length, 3);
  });
});
