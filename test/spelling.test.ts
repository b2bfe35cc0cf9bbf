import assert from 'node:assert/strict';
import { closestName, correction } from '../src/spelling.js';

const NAMES = ['relu', 'silu', 'gelu', 'hard_swish', 'output_stride'];

describe('correction', () => {
  it('recognises a name with one or two wrong letters, but no more', () => {
    assert.equal(correction('output_strid', NAMES), 'output_stride');
    assert.equal(correction('hardswish', NAMES), 'hard_swish');
    assert.equal(correction('RELU', NAMES), undefined); // the same name in another case
    assert.equal(correction('swish', NAMES), undefined);
    assert.equal(correction('elu', NAMES), 'relu');
    assert.equal(correction('lu', NAMES), undefined); // two letters of four
  });
});

describe('closestName', () => {
  it('counts two swapped letters as one slip', () => {
    assert.equal(closestName('--sycn', ['--sync', '--stages']), '--sync');
    assert.equal(closestName('relu', ['relu6', 'prelu']), 'relu6');
    assert.equal(closestName('sliu', NAMES), 'silu');
  });

  it('accepts the beginning of one name, but not of two', () => {
    assert.equal(closestName('output', NAMES), 'output_stride');
    assert.equal(closestName('--max', ['--max-pixels', '--max-failures']), undefined);
  });
});
