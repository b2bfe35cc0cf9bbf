import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { systemReason } from '../src/system-reason.js';

describe('systemReason', () => {
  const reasonFor = (path: string) => readFile(path).then(() => 'no failure', systemReason);

  it('says in words why a file cannot be read, without code, call and path', async () => {
    assert.equal(await reasonFor("/no/such, open 'file'"), 'no such file or folder');
    assert.equal(await reasonFor('/dev'), 'it is a folder');
    assert.equal(await reasonFor('/dev/null/file'), 'a part of the path is not a folder');
    assert.equal(await reasonFor(`/${'x'.repeat(300)}`), 'name too long');
  });

  it('keeps a message that is not of the file system', () => {
    assert.equal(systemReason(new Error('it is odd, really')), 'it is odd, really');
    const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    assert.equal(systemReason(full), 'no space left on device');
  });
});
