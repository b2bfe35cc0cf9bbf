import assert from 'node:assert/strict';
import { readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { systemReason } from '../src/system-reason.js';

const errorOf = (action: Promise<unknown>) =>
  action.then(
    () => assert.fail('no error'),
    (error: unknown) => error,
  );

describe('systemReason', () => {
  it('is in plain words, without a code or a path', async () => {
    assert.equal(systemReason(await errorOf(readFile('/no/such/file'))), 'no such file or folder');
    assert.equal(systemReason(await errorOf(readFile(tmpdir()))), 'it is a folder, not a file');
    assert.doesNotMatch(systemReason(await errorOf(rm(tmpdir()))), /EISDIR|\//);
    const full = Object.assign(new Error('write ENOSPC'), { code: 'ENOSPC', errno: -28 }); // of a stream
    assert.equal(systemReason(full), 'no space left on device');
  });

  it('is the message of any other error', () => {
    assert.equal(systemReason(new Error('EIO: injected')), 'injected');
    assert.equal(systemReason(new TypeError('not a path')), 'not a path');
    assert.equal(systemReason('text'), 'text');
  });
});
