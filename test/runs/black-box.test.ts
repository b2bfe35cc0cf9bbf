import assert from 'node:assert/strict';
import { copyFile, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { BlackBox, readSuspects } from '../../src/runs/black-box.js';
import { inFolder } from '../outputs/scratch.js';

/** Work that is in progress until `end` is called. */
function work() {
  let end = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  return { end, action: () => ended };
}

describe('BlackBox', () => {
  it(
    'names the images in progress, and no others',
    inFolder(async (folder) => {
      const path = join(folder, 'decoding');
      const box = BlackBox.open(path);
      assert.deepEqual(await readSuspects(path), []);
      const names = ['a.jpg', 'new\nline "quoted" \\ .png', 'ünï/🦊.webp', ' ', 'null'];
      const works = names.map(work);
      const running = names.map((name, i) => box.record(name, works[i]?.action ?? (async () => {})));
      assert.deepEqual(await readSuspects(path), names);
      works[1]?.end();
      works[3]?.end();
      await Promise.all([running[1], running[3]]);
      assert.deepEqual((await readSuspects(path)).toSorted(), ['a.jpg', 'null', 'ünï/🦊.webp']);
      for (const { end } of works) end();
      await Promise.all(running);
      assert.deepEqual(await readSuspects(path), []);
      await box.close();
    }),
  );

  it(
    'grows only with the number of images at once, and erases longer names under shorter ones',
    inFolder(async (folder) => {
      const path = join(folder, 'decoding');
      const box = BlackBox.open(path);
      await Promise.all([box.record('a'.repeat(1000), async () => {}), box.record('b', async () => {})]);
      const { size } = await stat(path);
      for (let i = 0; i < 50; i++) {
        const { end, action } = work();
        const running = box.record(`short ${i}`, action);
        assert.deepEqual(await readSuspects(path), [`short ${i}`]);
        end();
        await running;
      }
      assert.equal((await stat(path)).size, size);
      await box.close();
    }),
  );

  it(
    'passes on results and errors, after which nothing is in progress',
    inFolder(async (folder) => {
      const path = join(folder, 'decoding');
      const box = BlackBox.open(path);
      assert.equal(await box.record('a', async () => 17), 17);
      const failing = async () => {
        throw new Error('broken');
      };
      await assert.rejects(box.record('a', failing), /broken/);
      assert.deepEqual(await readSuspects(path), []);
      await box.close();
    }),
  );

  it(
    'omits a name that is too long, and keeps its neighbours',
    inFolder(async (folder) => {
      const path = join(folder, 'decoding');
      const box = BlackBox.open(path);
      const long = `${'ä'.repeat(2047)}x`; // 4095 bytes, the longest path on Linux
      const names = ['before', long, '\n'.repeat(4000), 'after'];
      const works = names.map(work);
      const running = names.map((name, i) => box.record(name, works[i]?.action ?? (async () => {})));
      assert.deepEqual(await readSuspects(path), ['before', long, 'after']);
      for (const { end } of works) end();
      await Promise.all(running);
      await box.close();
    }),
  );

  it(
    'removes its file at the end, and clears one left by a crash',
    inFolder(async (folder) => {
      const path = join(folder, 'decoding');
      const box = BlackBox.open(path);
      const { end, action } = work();
      const running = box.record('a', action);
      await copyFile(path, join(folder, 'crashed'));
      end();
      await running;
      await box.close();
      await box.close();
      assert.deepEqual(await readdir(folder), ['crashed']);
      assert.deepEqual(await readSuspects(path), []);
      assert.deepEqual(await readSuspects(join(folder, 'crashed')), ['a']);
      const next = BlackBox.open(join(folder, 'crashed'));
      assert.deepEqual(await readSuspects(join(folder, 'crashed')), []);
      await next.close();
    }),
  );

  it(
    'names images that crashed an earlier process until they are decoded',
    inFolder(async (folder) => {
      const path = join(folder, 'decoding');
      const stopped = BlackBox.open(path, ['a', 'b']);
      assert.deepEqual(await readSuspects(path), ['a', 'b']);
      await stopped.record('a', async () => {});
      await stopped.record('c', async () => {});
      await stopped.close(); // the run ends before it reaches b
      const left = await readSuspects(path);
      assert.deepEqual(left, ['b']);
      const resumed = BlackBox.open(path, left);
      await resumed.record('b', async () => {});
      await resumed.close();
      assert.deepEqual(await readdir(folder), []);
    }),
  );

  it(
    'does not fail a run if it cannot be written',
    inFolder(async (folder) => {
      const box = BlackBox.open(join(folder, 'no', 'such', 'folder'));
      assert.equal(await box.record('a', async () => 17), 17);
      await box.close();
    }),
  );
});
