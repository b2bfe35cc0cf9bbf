import assert from 'node:assert/strict';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { OutputError } from '../../src/errors.js';
import { GrowingFile } from '../../src/files/growing-file.js';
import { inFolder } from '../outputs/scratch.js';

const BUFFER = 256 * 1024; // bytes, as in GrowingFile

/** Bytes that depend on their position. */
function bytesFrom(start: number, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (start + i) % 251);
}

describe('GrowingFile', () => {
  it(
    'writes pieces in order, whether they fit its buffer or not',
    inFolder(async (folder) => {
      const path = join(folder, 'a');
      const file = await GrowingFile.create(path);
      let length = 0;
      for (const size of [0, 1, BUFFER - 1, 1, BUFFER, BUFFER + 1, 7, 3 * BUFFER, 5, BUFFER - 4, 9]) {
        await file.append(bytesFrom(length, size));
        length += size;
        assert.equal(file.length, length);
      }
      await file.flush();
      await file.close();
      assert.deepEqual(await readFile(path), Buffer.from(bytesFrom(0, length)));
    }),
  );

  it(
    'copies appended bytes, so that callers can reuse their memory',
    inFolder(async (folder) => {
      const file = await GrowingFile.create(join(folder, 'a'));
      for (const size of [3, BUFFER + 1]) {
        const piece = bytesFrom(0, size);
        await file.append(piece);
        piece.fill(255);
      }
      await file.flush();
      await file.close();
      const expected = Buffer.concat([bytesFrom(0, 3), bytesFrom(0, BUFFER + 1)]);
      assert.deepEqual(await readFile(join(folder, 'a')), expected);
    }),
  );

  it(
    'keeps appended bytes in memory until they are flushed',
    inFolder(async (folder) => {
      const file = await GrowingFile.create(join(folder, 'a'));
      await file.append(bytesFrom(0, 100));
      assert.equal((await stat(join(folder, 'a'))).size, 0);
      await file.flush();
      assert.equal((await stat(join(folder, 'a'))).size, 100);
      await file.close();
    }),
  );

  it(
    'resumes at a given length and truncates the rest',
    inFolder(async (folder) => {
      const path = join(folder, 'a');
      await writeFile(path, bytesFrom(0, 100));
      for (const length of [100, 40, 0]) {
        const file = await GrowingFile.reopen(path, length);
        assert.equal(file.length, length);
        await file.append(bytesFrom(length, 5));
        await file.flush();
        await file.close();
        assert.deepEqual(await readFile(path), Buffer.from(bytesFrom(0, length + 5)));
      }
    }),
  );

  it(
    'patches bytes and then continues to append at the end',
    inFolder(async (folder) => {
      const path = join(folder, 'a');
      const file = await GrowingFile.create(path);
      await file.append(bytesFrom(0, 10));
      await file.flush();
      await file.patch(Uint8Array.of(255, 254), 4);
      await file.append(bytesFrom(10, 3));
      await file.flush();
      await file.sync();
      await file.close();
      const expected = Buffer.from(bytesFrom(0, 13));
      expected.set([255, 254], 4);
      assert.deepEqual(await readFile(path), expected);
    }),
  );

  it(
    'refuses to resume a short or missing file, and to create an existing one',
    inFolder(async (folder) => {
      const path = join(folder, 'a');
      await assert.rejects(GrowingFile.reopen(path, 0), { code: 'ENOENT' });
      await writeFile(path, 'four');
      await assert.rejects(
        GrowingFile.reopen(path, 5),
        (error) =>
          error instanceof OutputError && /damaged: expected 5 bytes or more, found 4/.test(error.message),
      );
      assert.equal(await readFile(path, 'utf8'), 'four');
      await assert.rejects(GrowingFile.create(path), { code: 'EEXIST' });
      assert.equal(await readFile(path, 'utf8'), 'four');
    }),
  );
});
