import assert from 'node:assert/strict';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { OutputError } from '../../src/errors.js';
import { attempt, reading } from '../../src/files/write-error.js';
import { inFolder } from '../outputs/scratch.js';

describe('attempt', () => {
  it(
    'gives a hint when a file cannot be written',
    inFolder(async (folder) => {
      const action = () => writeFile(join(folder, 'absent', 'a'), '');
      const message = 'cannot write a.csv: no such file or folder';
      const hint = 'Choose a folder that files can be created in.';
      await assert.rejects(attempt('a.csv', action), { name: 'OutputError', message, hint });
    }),
  );

  it(
    "converts Node's own file system errors too",
    inFolder(async (folder) => {
      const action = () => rm(folder);
      await assert.rejects(action, { code: 'ERR_FS_EISDIR' });
      await assert.rejects(attempt('a.csv', action), {
        name: 'OutputError',
        message: /^cannot write a\.csv: /,
      });
    }),
  );

  it(
    'reports a failed read as a read error, with a hint for a missing file',
    inFolder(async (folder) => {
      const read = (name: string) => attempt('a.csv', () => reading(() => readFile(join(folder, name))));
      const refused = (reason: string, hint: string | undefined) => ({
        name: 'OutputError',
        message: `cannot read a.csv: ${reason}`,
        hint,
      });
      await mkdir(join(folder, 'folder'));
      await assert.rejects(
        read('absent'),
        refused(
          'no such file or folder',
          'It was there before: see whether something else moves or removes it.',
        ),
      );
      await assert.rejects(read('folder'), refused('it is a folder, not a file', undefined));
      await assert.rejects(
        read('a'.repeat(300)),
        refused('the path, or a name in it, is longer than the system allows', undefined),
      );
    }),
  );

  it('suggests asking for permission to read', async () => {
    // Made by hand, since root can read everything.
    const denied = Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' });
    const hint = 'Ask for permission to read it.';
    const read = () => reading(() => Promise.reject(denied));
    await assert.rejects(attempt('a.csv', read), { hint });
  });

  it('passes on errors that are not from the file system: refusals, interruptions and bugs', async () => {
    const defect = Object.assign(new TypeError('not a path'), { code: 'ERR_INVALID_ARG_TYPE' });
    for (const thrown of [new OutputError('a.csv is damaged'), new Error('interrupted'), defect]) {
      await assert.rejects(
        attempt('a.csv', () => Promise.reject(thrown)),
        (error) => error === thrown,
      );
    }
  });
});
