import assert from 'node:assert/strict';
import { meant, misspelled, nearest } from '../src/spelling.js';

const NAMES = ['relu', 'silu', 'gelu', 'hard_swish', 'output_stride'];

describe('misspelled', () => {
  it('recognises a name with one or two wrong letters, but no more', () => {
    assert.equal(misspelled('output_strid', NAMES), 'output_stride');
    assert.equal(misspelled('hardswish', NAMES), 'hard_swish');
    assert.equal(misspelled('RELU', NAMES), undefined); // the same name in another case
    assert.equal(misspelled('swish', NAMES), undefined);
    assert.equal(misspelled('elu', NAMES), 'relu');
    assert.equal(misspelled('lu', NAMES), undefined); // two letters of four
  });
});

describe('meant', () => {
  it('counts two swapped letters as one slip', () => {
    assert.equal(meant('--sycn', ['--sync', '--stages']), '--sync');
    assert.equal(meant('relu', ['relu6', 'prelu']), 'relu6');
    assert.equal(meant('sliu', NAMES), 'silu');
  });

  it('accepts the beginning of one name, but not of two', () => {
    assert.equal(meant('output', NAMES), 'output_stride');
    assert.equal(meant('--max', ['--max-pixels', '--max-failures']), undefined);
  });
});

describe('nearest', () => {
  it('returns the three names closest in spelling', () => {
    assert.deepEqual(nearest('hard_swiss', NAMES)[0], 'hard_swish');
    assert.equal(nearest('x', NAMES).length, 3);
  });
});
