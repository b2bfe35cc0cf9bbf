import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { FormatError } from '../../src/errors.js';
import { foreignFile, looksLikeSafetensors } from '../../src/formats/foreign-file.js';

const said = (head: string | Uint8Array): string => {
  const error = foreignFile(typeof head === 'string' ? Buffer.from(head, 'latin1') : head, 'x.pth');
  assert.ok(error instanceof FormatError);
  return `${error.message} | ${error.hint}`;
};

describe('foreignFile', () => {
  it('recognises files that people mistake for checkpoints', () => {
    assert.match(
      said('version https://git-lfs.github.com/spec/v1\noid'),
      /x\.pth is a Git LFS pointer, not a checkpoint .*git lfs pull/,
    );
    assert.match(
      said('<!DOCTYPE html><html>'),
      /is an HTML page, not a checkpoint .*Download the file itself/,
    );
    assert.match(said('\x89HDF\r\n\x1a\n'), /is an HDF5 file, as Keras writes them/);
    assert.match(
      said(readFileSync('fixtures/parity/options/extra-conv/logits.npy').subarray(0, 64)),
      /is a NumPy array/,
    );
    assert.match(said('\x80\x04\x95'), /is a pickle that torch\.save did not write, not a checkpoint/);
    assert.match(said('{"a": 1}'), /is JSON or other text/);
  });

  it('shows how an unknown file starts, and reports an empty one', () => {
    assert.match(said('too short\x01\x02'), /^x\.pth is not a checkpoint \(it starts with "too short\.\."\)/);
    assert.match(said(''), /^x\.pth is empty \|/);
  });
});

describe('looksLikeSafetensors', () => {
  it('recognises safetensors by the JSON after the length', () => {
    assert.ok(looksLikeSafetensors(readFileSync('assets/demo-model/model.safetensors').subarray(0, 64)));
    assert.ok(!looksLikeSafetensors(Buffer.from('version https')));
  });
});
