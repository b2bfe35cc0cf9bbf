import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { acquireLock, LockHeld, tryLock } from '../../src/lock/lock.js';
import { parseHolder } from '../../src/lock/lock-holder.js';
import { between, mulberry32 } from '../../src/random.js';

const NEVER_STALE = { refreshMs: 20, staleMs: 1_000_000_000, pollMs: 5 };
const MODULE = new URL('../../src/lock/lock.js', import.meta.url).href;

/** Tries to lock the path in each line on stdin and answers `got` or `held`; an empty line releases the lock. */
const CONTENDER = `
  import { createInterface } from 'node:readline';
  import { LockHeld, tryLock } from ${JSON.stringify(MODULE)};
  const timing = JSON.parse(process.argv[1]);
  let lock;
  console.log('ready');
  for await (const line of createInterface({ input: process.stdin })) {
    try {
      if (line === '') await lock?.release();
      lock = line === '' ? undefined : await tryLock(line, { timing });
      console.log(line === '' ? 'released' : 'got');
    } catch (error) {
      if (!(error instanceof LockHeld)) throw error;
      console.log('held');
    }
  }
`;

/**
 * Acquires and releases the lock in a loop. While holding it, listens on a port, which the kernel gives to one process
 * at a time and takes from a killed one; `twice` reports that two processes held the lock.
 */
const LOOPER = `
  import { once } from 'node:events';
  import { createServer } from 'node:net';
  import { setTimeout as sleep } from 'node:timers/promises';
  import { LockHeld, tryLock } from ${JSON.stringify(MODULE)};
  const [path, port, timing] = process.argv.slice(1);
  for (;;) {
    try {
      const lock = await tryLock(path, { timing: JSON.parse(timing) });
      const server = createServer().listen(Number(port), '127.0.0.1');
      await once(server, 'listening').catch(() => console.log('twice'));
      console.log('got');
      await sleep(Math.random() * 2);
      await new Promise((resolve) => server.close(resolve));
      await lock.release();
    } catch (error) {
      if (!(error instanceof LockHeld)) throw error;
    }
    await sleep(Math.random() * 3);
  }
`;

describe('a lock between processes', () => {
  let folder: string;
  let path: string;
  let children: ChildProcess[];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'halonet-lock-'));
    path = join(folder, 'x.lock');
    children = [];
  });

  afterEach(async () => {
    await Promise.all(children.map(kill));
    await rm(folder, { recursive: true });
  });

  function start(program: string, ...args: string[]) {
    const child = spawn(process.execPath, ['--input-type=module', '-e', program, ...args], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    children.push(child);
    const lines = createInterface({ input: child.stdout });
    return { child, lines };
  }

  async function kill(child: ChildProcess): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const closed = once(child, 'close');
    child.kill('SIGKILL');
    await closed;
  }

  async function contender() {
    const { child, lines } = start(CONTENDER, JSON.stringify(NEVER_STALE));
    await once(lines, 'line');
    const ask = async (line: string): Promise<string> => {
      child.stdin.write(`${line}\n`);
      const [answer] = await once(lines, 'line');
      return String(answer);
    };
    return { child, ask };
  }

  /** Leaves and returns the lock file of a killed process. */
  async function deadLock(): Promise<string> {
    const { child, ask } = await contender();
    assert.equal(await ask(path), 'got');
    await kill(child);
    return readFile(path, 'utf8');
  }

  it('lets others take over at once when its holder is killed', async () => {
    await deadLock();
    await (await tryLock(path, { timing: NEVER_STALE })).release();
    await deadLock();
    await (await acquireLock(path, { timing: NEVER_STALE })).release();
    assert.deepEqual(await readdir(folder), []);
  });

  it('stays with a holder that is stopped', async function () {
    if (process.platform === 'win32') this.skip();
    const { child, ask } = await contender();
    assert.equal(await ask(path), 'got');
    child.kill('SIGSTOP');
    const timing = { ...NEVER_STALE, staleMs: 1 };
    await assert.rejects(tryLock(path, { timing }), (error) => {
      assert.ok(error instanceof LockHeld);
      assert.deepEqual(error.holder, { pid: child.pid, host: hostname() });
      return true;
    });
    child.kill('SIGCONT');
    assert.equal(await ask(''), 'released');
    await (await tryLock(path, { timing })).release();
  });

  it('lets others take over from a killed holder that its parent has not reaped', async function () {
    if (process.platform !== 'linux') this.skip();
    // The shell becomes `sleep`, which reaps no children.
    const shell = `"$0" --input-type=module -e "$1" "$2" <&3 & exec sleep 1000`;
    const parent = spawn('sh', ['-c', shell, process.execPath, CONTENDER, JSON.stringify(NEVER_STALE)], {
      stdio: ['ignore', 'pipe', 'inherit', 'pipe'],
    });
    children.push(parent);
    const { stdout, stdio } = parent;
    assert.ok(stdout && stdio[3] instanceof Writable);
    const lines = createInterface({ input: stdout });
    await once(lines, 'line');
    stdio[3].write(`${path}\n`);
    await once(lines, 'line');
    const { pid = 0 } = parseHolder(await readFile(path, 'utf8')) ?? {};
    process.kill(pid, 'SIGKILL');
    const taken = async () => {
      for (;;) {
        try {
          return await tryLock(path, { timing: NEVER_STALE });
        } catch (error) {
          if (!(error instanceof LockHeld)) throw error;
          await sleep(5); // it is still dying
        }
      }
    };
    const lock = await taken();
    assert.ok(process.kill(pid, 0), 'a zombie');
    await lock.release();
  });

  it('goes to exactly one of many processes that find its holder dead', async () => {
    const dead = await deadLock();
    const contenders = await Promise.all(Array.from({ length: 8 }, contender));
    const takeovers = [path, `${path}.takeover`, `${path}.takeover.takeover`];
    for (let round = 0; round < 60; round++) {
      // Every third round also leaves the locks of processes that died during a takeover.
      const left = takeovers.slice(0, round % 3 === 0 ? 3 : 1);
      await Promise.all(left.map((name) => writeFile(name, dead)));
      const answers = await Promise.all(contenders.map(({ ask }) => ask(path)));
      assert.deepEqual(answers.sort(), ['got', ...new Array(7).fill('held')], `round ${round}`);
      await Promise.all(contenders.map(({ ask }) => ask('')));
      assert.deepEqual(await readdir(folder), [], `round ${round}`);
    }
  });

  it('removes what takeovers of dead processes left, even if the lock itself is gone', async () => {
    const dead = await deadLock();
    for (const left of ['.takeover', '.takeover.takeover']) {
      await writeFile(path + left, dead);
      await (await tryLock(path)).release();
      assert.deepEqual(await readdir(folder), [], left);
    }
  });

  it('has one holder at a time while holders are killed', async () => {
    const random = mulberry32(1);
    const port = await freePort();
    // `staleMs` is short because kills may leave empty lock files; a running process never counts as dead.
    const timing = JSON.stringify({ refreshMs: 20, staleMs: 200, pollMs: 5 });
    const answers: string[] = [];
    const loopers: { child: ChildProcess; lines: Interface }[] = [];
    const add = () => {
      const looper = start(LOOPER, path, String(port), timing);
      looper.lines.on('line', (line) => answers.push(line));
      loopers.push(looper);
    };
    for (let i = 0; i < 5; i++) add();
    for (let kills = 0; kills < 40; kills++) {
      const before = answers.length;
      while (answers.length < before + 5) await sleep(5);
      await sleep(between(random, 0, 10));
      const victim = loopers.shift();
      if (victim) await kill(victim.child);
      add();
    }
    await Promise.all(children.map(kill));
    assert.deepEqual([...new Set(answers)], ['got']);
    await (await tryLock(path, { timing: { ...NEVER_STALE, staleMs: 200 } })).release();
    assert.deepEqual(
      (await readdir(folder)).filter((name) => !name.endsWith('.takeover')),
      [],
    );
  });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? address.port : 0;
}
