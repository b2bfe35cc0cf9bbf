import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { acquireLock, inspectLock, LockHeld, LockLost, tryLock } from '../../src/lock/lock.js';
import { formatHolder, type LockHolder, thisProcess } from '../../src/lock/lock-holder.js';
import { asNobody } from '../support/as-nobody.js';
import { watchFsCalls } from '../support/fs-calls.js';

const HOLDER_MODULE = new URL('../../src/lock/lock-holder.js', import.meta.url).href;

const TIMING = { refreshMs: 20, staleMs: 400, pollMs: 10 };
const STANDS_STILL = { ...TIMING, refreshMs: 1_000_000 };
const KILLED = formatHolder({ pid: 1, host: 'elsewhere' }, 'token', 'a killed process');
const NEVER_STALE = { ...TIMING, staleMs: 1_000_000_000 };

describe('a lock file', () => {
  let folder: string;
  let path: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'halonet-lock-'));
    path = join(folder, 'x.lock');
  });

  afterEach(() => rm(folder, { recursive: true }));

  describe('acquireLock', () => {
    it('admits one holder at a time, and leaves no files behind', async () => {
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
          // Many times staleMs, but counted in looks, so that a slow machine makes no difference.
          if (looks === 120) await first.release();
        },
      });
      await (await second).release();
      assert.ok(looks >= 120, `${looks} looks before the release`);
    });

    it('takes over a lock file that nobody refreshes', async () => {
      await writeFile(path, KILLED);
      const lock = await acquireLock(path, { timing: TIMING });
      await lock.confirm(0);
      await lock.release();
      assert.deepEqual(await readdir(folder), []);
    });

    it('lets waiters take over one at a time', async () => {
      // All waiters find the holder dead at the same moment. Their order is random, hence many rounds.
      const timing = { refreshMs: 20, staleMs: 100, pollMs: 1 };
      const round = async (name: string) => {
        let inside = 0;
        let most = 0;
        await writeFile(name, KILLED);
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

    it('lets a stalled holder know that its lock was taken over', async () => {
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

    it('passes on the error for a missing folder', async () => {
      await assert.rejects(acquireLock(join(folder, 'absent', 'x.lock')), { code: 'ENOENT' });
    });
  });

  describe('tryLock', () => {
    const leave = async (name: string, holder: Partial<LockHolder>) =>
      writeFile(name, formatHolder({ ...(await thisProcess()), ...holder }, 'a token', 'a test'));

    it('names its holder in the file, and removes the file on release', async () => {
      const lock = await tryLock(path, { purpose: 'a run that writes x.csv' });
      const { purpose, pid, host } = JSON.parse(await readFile(path, 'utf8'));
      assert.deepEqual([purpose, pid, host], ['a run that writes x.csv', process.pid, hostname()]);
      await lock.confirm(0);
      await lock.release();
      assert.deepEqual(await readdir(folder), []);
    });

    it('refuses a lock that this process holds but does not touch', async function () {
      if ((await thisProcess()).started === undefined) this.skip(); // only Linux has start times
      const first = await tryLock(path, { timing: STANDS_STILL });
      const held = { name: 'LockHeld', holder: { pid: process.pid, host: hostname() } };
      await assert.rejects(tryLock(path, { timing: { ...NEVER_STALE, staleMs: 0 } }), held);
      await first.confirm(0);
      await first.release();
    });

    it('takes over the lock of a process whose pid was reused', async function () {
      const { started } = await thisProcess();
      if (started === undefined) this.skip(); // only Linux has start times
      await leave(path, { started: `${Number(started) - 1}` });
      await (await tryLock(path, { timing: NEVER_STALE })).release();
      await leave(path, {});
      await assert.rejects(tryLock(path, { timing: NEVER_STALE }), LockHeld);
    });

    it("does not consider another user's process dead because it cannot signal it", async function () {
      if (process.platform === 'win32') this.skip(); // no process has pid 1
      const state = await asNobody(
        `import { stateOf, thisProcess } from ${JSON.stringify(HOLDER_MODULE)};`,
        `const { host, pidSpace } = await thisProcess();
        console.log(await stateOf({ pid: 1, host, pidSpace }, { pid: process.pid, host, pidSpace }));`,
      );
      assert.equal(state, 'unknown\n'); // so its touches decide
    });

    const uncertain = [
      { host: 'elsewhere' },
      { pidSpace: 'another boot pid:[4026531836]' },
      { started: undefined }, // as on macOS and Windows: before a reboot, this pid may have belonged to another process
    ];
    for (const elsewhere of uncertain) {
      it(`judges a holder with ${inspect(elsewhere)} by its touches`, async () => {
        await leave(path, elsewhere);
        const touching = setInterval(() => utimes(path, new Date(), new Date()), 5);
        try {
          await assert.rejects(tryLock(path, { timing: NEVER_STALE }), LockHeld);
        } finally {
          clearInterval(touching);
        }
        await (await tryLock(path, { timing: TIMING })).release();
        assert.deepEqual(await readdir(folder), []);
      });
    }

    const unnamed = [
      '',
      '\n',
      '\0'.repeat(200),
      '{"pur',
      KILLED.slice(0, 30),
      `${KILLED.slice(0, 30)}${'\0'.repeat(200)}`,
      '{"purpose":"a run to {x}',
    ];
    for (const text of unnamed) {
      it(`takes over the untouched file ${JSON.stringify(text.slice(0, 30))}`, async () => {
        await writeFile(path, text);
        await (await tryLock(path, { timing: TIMING })).release();
        assert.deepEqual(await readdir(folder), []);
      });
    }

    const foreign = [
      '# This file is automatically @generated by Cargo.',
      '# yarn lockfile v1\n',
      '{\n    "_readme": []\n}\n',
      '{}',
      'null',
      '{"purpose":"a holder without a process"}\n',
      '{"pid":0,"host":"x"}',
      '{"pid":"1","host":"x"}',
    ];
    for (const text of foreign) {
      it(`refuses the foreign file ${JSON.stringify(text.slice(0, 30))} and leaves it unchanged`, async () => {
        await writeFile(path, text);
        const refused = {
          name: 'LockForeign',
          message: new RegExp(`^${path} is reserved for .* a file is there`),
        };
        await assert.rejects(tryLock(path, { timing: TIMING }), refused);
        await assert.rejects(acquireLock(path, { timing: TIMING }), refused);
        await assert.rejects(inspectLock(path, { timing: TIMING }), refused);
        assert.equal(await readFile(path, 'utf8'), text);
        assert.deepEqual(await readdir(folder), ['x.lock']);
      });
    }

    it('refuses a folder and leaves it unchanged', async () => {
      await mkdir(path);
      const refused = {
        name: 'LockForeign',
        message: new RegExp(`^${path} is reserved for .* a folder is there`),
      };
      await assert.rejects(tryLock(path, { timing: TIMING }), refused);
      await assert.rejects(inspectLock(path, { timing: TIMING }), refused);
      assert.deepEqual(await readdir(folder), ['x.lock']);
    });

    it('waits for the rest of a lock file that is being written', async () => {
      await leave(path, {});
      const text = await readFile(path, 'utf8');
      await writeFile(path, text.slice(0, 20));
      const trying = tryLock(path, { timing: NEVER_STALE });
      await appendFile(path, text.slice(20));
      await assert.rejects(trying, LockHeld);
      assert.equal(await readFile(path, 'utf8'), text);
    });

    it('fails if another process takes over the file before it is written', async () => {
      const other = formatHolder(await thisProcess(), 'another token', 'another run');
      const restore = watchFsCalls(folder, ({ name }) => {
        if (name !== 'writeFile') return undefined;
        return {
          after: () => {
            rmSync(path);
            writeFileSync(path, other);
          },
        };
      });
      await assert.rejects(tryLock(path, { timing: TIMING }), LockHeld).finally(restore);
      assert.equal(await readFile(path, 'utf8'), other);
    });

    it('stops watching when aborted', async () => {
      await leave(path, { host: 'elsewhere' });
      const abort = new AbortController();
      const reason = new Error('interrupted');
      const watching = tryLock(path, { timing: { ...NEVER_STALE, pollMs: 1_000_000 }, signal: abort.signal });
      setTimeout(() => abort.abort(reason), 20);
      await assert.rejects(watching, reason);
    });
  });

  describe('inspectLock', () => {
    it('finds no holder if the file is missing, its process is dead, or nobody touches it', async () => {
      assert.equal(await inspectLock(path, { timing: TIMING }), undefined);
      const dead: LockHolder = { ...(await thisProcess()), pid: 2 ** 22 + 1 }; // above Linux's largest pid
      for (const text of [formatHolder(dead, 'token', 'a test'), KILLED, '']) {
        await writeFile(path, text);
        assert.equal(await inspectLock(path, { timing: TIMING }), undefined);
        assert.equal(await readFile(path, 'utf8'), text);
      }
    });

    it('finds a running holder on this host that does not touch the file', async function () {
      if ((await thisProcess()).started === undefined) this.skip(); // only Linux has start times
      const lock = await tryLock(path, { timing: STANDS_STILL });
      const held = await inspectLock(path, { timing: TIMING });
      assert.ok(held instanceof LockHeld);
      assert.equal(held.holder?.pid, process.pid);
      await lock.release();
      assert.equal(await inspectLock(path, { timing: TIMING }), undefined);
    });

    it('finds a holder on another host by its touches', async () => {
      await writeFile(path, formatHolder({ pid: 1, host: 'elsewhere' }, 'token', 'a test'));
      let touches = 0;
      const timer = setInterval(() => utimes(path, 1, ++touches), TIMING.refreshMs);
      try {
        assert.equal((await inspectLock(path, { timing: TIMING }))?.holder?.host, 'elsewhere');
      } finally {
        clearInterval(timer);
      }
    });
  });
});
