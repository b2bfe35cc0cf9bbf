import assert from 'node:assert/strict';
import { fileFailure } from '../src/file-failure.js';

describe('fileFailure', () => {
  it('gives scripts a stable code', () => {
    const codeOf = (code: string) => fileFailure(Object.assign(new Error('x'), { code })).code;
    assert.deepEqual(['ENOENT', 'ENOTDIR'].map(codeOf), ['not_found', 'not_found']);
    assert.deepEqual(['EACCES', 'EPERM'].map(codeOf), ['permission', 'permission']);
    assert.deepEqual(['ELOOP', 'ENAMETOOLONG', 'EIO'].map(codeOf), [
      'symlink_loop',
      'invalid_name',
      'read_failed',
    ]);
  });

  it('states the system error, never the path', () => {
    const error = Object.assign(new Error("EIO: i/o error, read '/photos/a.jpg'"), { code: 'EIO' });
    assert.deepEqual(fileFailure(error), { code: 'read_failed', message: 'cannot be read (EIO)' });
  });
});
