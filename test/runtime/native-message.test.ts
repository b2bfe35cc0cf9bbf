import assert from 'node:assert/strict';
import { nativeMessage } from '../../src/runtime/native-message.js';

describe('nativeMessage', () => {
  it('omits source locations', () => {
    const failed =
      "Non-zero status code returned while running QuickGelu node. Name:'stem.act' Status Message: " +
      '/onnxruntime_src/onnxruntime/core/framework/bfc_arena.cc:360 void* onnxruntime::BFCArena::' +
      'AllocateRawInternal(size_t, bool, onnxruntime::Stream*) Failed to allocate memory for requested buffer of size 5';
    assert.equal(
      nativeMessage(failed),
      'stem.act (QuickGelu): Failed to allocate memory for requested buffer of size 5',
    );
  });

  it('takes the last line, and has a fallback for blank text', () => {
    assert.equal(
      nativeMessage('a warning\nInvalid rank for input: pixels\n'),
      'Invalid rank for input: pixels',
    );
    assert.equal(nativeMessage(' \n'), 'it failed without a word');
  });
});
