import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { acquireLock, LockLost } from '../../src/hub/lock.js';

const TIMING = { refreshMs: 20, staleMs: 400, pollMs: 10 };
const STANDS_STILL = { ...TIMING, refreshMs: 1_000_000 };

describe('acquireLock', () => {
  let folder: string;
  let path: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'halonet-lock-'));
    path = join(folder, 'x.lock');
  });

  afterEach(() => rm(folder, { recursive: true }));

  it('lets one holder in at a time, and leaves no file behind', async () => {
    let inside = 0;
    let most = 0;
    const enter = async () => {
      const lock = await acquireLock(path, { timing: TIMING });
      inside += 1;
      most = Math.max(most, inside);
      await new Promise((resolve) => setTimeout(resolve, 5));
      inside -= 1;
      await lock.release();
    };
    await Promise.all(Array.from({ length: 8 }, enter));
    assert.equal(most, 1);
    assert.deepEqual(await readdir(folder), []);
  });

  it('does not take over a lock that is being refreshed', async () => {
    const first = await acquireLock(path, { timing: TIMING });
    let looks = 0;
    const second = acquireLock(path, {
      timing: TIMING,
      onWait: async () => {
        looks += 1;
        // Many times staleMs of waiting, counted in looks so that a slow machine does not matter.
        if (looks === 120) await first.release();
      },
    });
    await (await second).release();
    assert.ok(looks >= 120, `${looks} looks before the release`);
  });

  it('takes over a lock file that nobody refreshes', async () => {
    await writeFile(path, 'a killed process');
    const lock = await acquireLock(path, { timing: TIMING });
    await lock.confirm(0);
    await lock.release();
    assert.deepEqual(await readdir(folder), []);
  });

  it('lets one of many waiters at a time take over', async () => {
    // All waiters find the holder dead at the same moment; many rounds, for the order they come in is chance.
    const timing = { refreshMs: 20, staleMs: 100, pollMs: 1 };
    const round = async (name: string) => {
      let inside = 0;
      let most = 0;
      await writeFile(name, 'a killed process');
      const enter = async () => {
        const lock = await acquireLock(name, { timing });
        inside += 1;
        most = Math.max(most, inside);
        await new Promise((resolve) => setTimeout(resolve, 2));
        inside -= 1;
        await lock.release();
      };
      await Promise.all(Array.from({ length: 6 }, enter));
      return most;
    };
    for (let i = 0; i < 12; i++) assert.equal(await round(`${path}.${i}`), 1);
    assert.deepEqual(await readdir(folder), []);
  });

  it('tells a holder that stood still that its lock was taken over', async () => {
    const first = await acquireLock(path, { timing: STANDS_STILL });
    await first.confirm(0);
    const second = await acquireLock(path, { timing: TIMING });
    await assert.rejects(first.confirm(0), LockLost);
    await first.release(); // must not release the second's
    await second.confirm(0);
    await second.release();
  });

  it('stops waiting when aborted', async () => {
    const first = await acquireLock(path, { timing: TIMING });
    const abort = new AbortController();
    const reason = new Error('interrupted');
    const waiting = acquireLock(path, {
      timing: { ...TIMING, pollMs: 1_000_000 },
      signal: abort.signal,
      onWait: async () => {
        setImmediate(() => abort.abort(reason));
      },
    });
    await assert.rejects(waiting, reason);
    await first.release();
  });

  it('passes on the error of a folder that does not exist', async () => {
    await assert.rejects(acquireLock(join(folder, 'absent', 'x.lock')), { code: 'ENOENT' });
  });
});
