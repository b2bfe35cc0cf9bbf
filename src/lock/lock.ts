import { randomUUID } from 'node:crypto';
import { open, readFile, rm, utimes } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { LockForeign } from '../errors.js';
import {
  formatHolder,
  type HolderState,
  isRemnant,
  type LockHolder,
  parseHolder,
  stateOf,
  thisProcess,
} from './lock-holder.js';

/** Milliseconds. `staleMs` must be several times `refreshMs`. */
export interface LockTiming {
  readonly refreshMs: number; // how often the holder touches the lock file
  readonly staleMs: number; // a lock file untouched for this long is stale
  readonly pollMs: number; // how often a waiter checks
}

export const LOCK_TIMING: LockTiming = { refreshMs: 1_000, staleMs: 10_000, pollMs: 250 };

/** A held lock. Call `release` exactly once. */
export interface Lock {
  /**
   * Resolves if the lock was confirmed as ours within the last `maxAgeMs` (default: half of `staleMs`). If that was longer
   * ago, as after a laptop was suspended, it checks again.
   * @throws LockLost if another process has taken over the lock.
   */
  confirm(maxAgeMs?: number): Promise<void>;
  release(): Promise<void>;
}

/** Another process took over a lock because its holder was suspended for longer than `staleMs`. */
export class LockLost extends Error {
  override readonly name = 'LockLost';
}

/** A running process holds the lock. `holder` is undefined if the lock file is touched but names no process. */
export class LockHeld extends Error {
  override readonly name = 'LockHeld';
  readonly holder: { readonly pid: number; readonly host: string } | undefined;

  constructor(path: string, holder: LockHeld['holder']) {
    super(`${path} is held by ${holder ? `process ${holder.pid} on ${holder.host}` : 'another process'}`);
    this.holder = holder && { pid: holder.pid, host: holder.host };
  }
}

export interface LockOptions {
  readonly purpose?: string | undefined; // what the lock protects, written into its file for people
  readonly timing?: LockTiming | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Takes the lock file `path`, waiting while another process holds it. Its folder must exist.
 *
 * A holder whose process on this host is gone loses the lock at once (see `stateOf`). Any other holder touches the
 * file; a waiter that sees no touch for `staleMs` by its own clock takes over, so neither clock skew nor process ids
 * matter between hosts on one network share. A lock file that names no holder, as a crash may leave it, is judged by
 * its touches too.
 * `onWait` is called at every check that finds the lock held.
 * @throws LockForeign if the file at `path` is not a lock file
 * @throws the file system's error if the lock file cannot be created; `signal.reason` on abort.
 */
export async function acquireLock(
  path: string,
  options: LockOptions & { readonly onWait?: (() => Promise<void>) | undefined } = {},
): Promise<Lock> {
  const { onWait, ...rest } = options;
  const takeOver = (takeover: string) => acquireLock(takeover, rest);
  return take(path, rest, takeOver, async ({ state, isStale }) => {
    if (state === 'gone' || isStale) return 'abandoned';
    await onWait?.();
    return 'held';
  });
}

/**
 * Takes the lock file `path` as `acquireLock` does, but gives up if a running process holds it. A process on this host
 * holds it for as long as it runs, whether or not it touches the file. A holder elsewhere, one that the file does not
 * name, or one without a start time to distinguish it from a later process with its pid, is watched: it holds the lock
 * if it touches the file (every `refreshMs`), and loses it if it does not for `staleMs`, the longest wait here.
 * @throws LockHeld if another process holds the lock, or is currently taking it over from a dead one
 * @throws LockForeign if the file at `path` is not a lock file
 * @throws the file system's error if the lock file cannot be created; `signal.reason` on abort.
 */
export async function tryLock(path: string, options: LockOptions = {}): Promise<Lock> {
  const takeOver = (takeover: string) => tryLock(takeover, options);
  return take(path, options, takeOver, async ({ holder, state, isTouched, isStale }) => {
    if (state === 'gone') return 'abandoned';
    if (state === 'running' || isTouched) throw new LockHeld(path, holder);
    return isStale ? 'abandoned' : 'held';
  });
}

/**
 * Checks whether a running process holds the lock file `path`, without taking it. A holder that `tryLock` would watch is
 * watched for a few `refreshMs`, and holds the lock if it touches the file in that time.
 * @returns the LockHeld that `tryLock` would throw; undefined if it would take the lock
 * @throws LockForeign if the file at `path` is not a lock file
 */
export async function inspectLock(
  path: string,
  { timing = LOCK_TIMING, signal }: Omit<LockOptions, 'purpose'> = {},
): Promise<LockHeld | undefined> {
  const first = await readLockFile(path);
  if (first === undefined) return undefined;
  const holder = parseHolderOf(path, first);
  const state = await stateOf(holder, await thisProcess());
  if (state === 'gone') return undefined;
  if (state === 'unknown') {
    await pause(3 * timing.refreshMs, signal);
    const later = await readLockFile(path);
    if (later === undefined || isSame(later, first)) return undefined;
  }
  return new LockHeld(path, holder);
}

/** An existing lock file, as read once. */
interface Sighting {
  readonly text: string;
  readonly mtimeMs: number;
}

/** What is known so far about a lock that another process holds. */
interface Evidence {
  readonly holder: LockHolder | undefined;
  readonly state: HolderState;
  readonly isTouched: boolean; // by the same holder, since the first check
  readonly isStale: boolean;
}

async function take(
  path: string,
  options: LockOptions,
  takeOver: (takeover: string) => Promise<Lock>,
  judge: (evidence: Evidence) => Promise<'held' | 'abandoned'>,
): Promise<Lock> {
  const { purpose = 'a lock of halonet', timing = LOCK_TIMING, signal } = options;
  const self = await thisProcess();
  const text = formatHolder(self, randomUUID(), purpose);
  let seen: Sighting | undefined;
  let seenAt = 0;
  for (;;) {
    signal?.throwIfAborted();
    if (await create(path, text)) {
      await removeAbandonedTakeover(path, self, takeOver).catch(() => {}); // a leftover file does no harm
      return hold(path, text, timing);
    }
    const now = await readLockFile(path);
    if (now === undefined) continue; // released between the two calls
    const isTouched = now.text === seen?.text && now.mtimeMs !== seen.mtimeMs;
    if (seen === undefined || !isSame(now, seen)) {
      seen = now;
      seenAt = Date.now();
    }
    const holder = parseHolderOf(path, now);
    const state = await stateOf(holder, self);
    const isStale = Date.now() - seenAt > timing.staleMs;
    if ((await judge({ holder, state, isTouched, isStale })) === 'abandoned') {
      await removeAbandoned(path, now, takeOver);
    } else {
      await pause(timing.pollMs, signal);
    }
  }
}

/** Creates the lock file; returns false if it already exists. */
async function create(path: string, text: string): Promise<boolean> {
  try {
    const handle = await open(path, 'wx');
    try {
      await handle.writeFile(text);
    } catch (error) {
      await rm(path, { force: true });
      throw error;
    } finally {
      await handle.close();
    }
    // If this process was suspended before it wrote, another may have taken over.
    return (await readLockFile(path))?.text === text;
  } catch (error) {
    // Windows reports EPERM, not EEXIST, for a file that another process is removing.
    if (isCode(error, 'EEXIST') || (isCode(error, 'EPERM') && (await readLockFile(path)) !== undefined))
      return false;
    throw error;
  }
}

// Opening the file, unlike a bare stat, makes an NFS client ask the server.
async function readLockFile(path: string): Promise<Sighting | undefined> {
  try {
    const handle = await open(path, 'r');
    try {
      const stats = await handle.stat();
      if (stats.isDirectory()) throw new LockForeign(path, 'a folder');
      return { text: await handle.readFile('utf8'), mtimeMs: stats.mtimeMs };
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/**
 * Returns the holder that a lock file names; undefined if a crash left too little of it.
 * @throws LockForeign if it is not a lock file: `<output>.lock` may be the user's
 */
function parseHolderOf(path: string, { text }: Sighting): LockHolder | undefined {
  const holder = parseHolder(text);
  if (holder === undefined && !isRemnant(text)) throw new LockForeign(path, 'a file');
  return holder;
}

/**
 * Removes an abandoned lock file, under a second lock: of several processes that saw the same dead holder, a slow one must
 * not remove the lock that a fast one has since taken. A process that dies here leaves the second lock abandoned, for the
 * next process to remove in the same way.
 */
async function removeAbandoned(
  path: string,
  abandoned: Sighting,
  takeOver: (takeover: string) => Promise<Lock>,
): Promise<void> {
  const takeover = await takeOver(takeoverPath(path));
  try {
    const now = await readLockFile(path);
    if (now !== undefined && isSame(now, abandoned)) await rm(path, { force: true });
  } finally {
    await takeover.release();
  }
}

/**
 * Removes the second lock of a process that died while it took over this lock, and the third of one that died while it took over the
 * second, which may be left alone.
 */
async function removeAbandonedTakeover(
  path: string,
  self: LockHolder,
  takeOver: (takeover: string) => Promise<Lock>,
): Promise<void> {
  const takeover = takeoverPath(path);
  const left = (await readLockFile(takeover)) ?? (await readLockFile(takeoverPath(takeover)));
  if (left === undefined || (await stateOf(parseHolder(left.text), self)) !== 'gone') return;
  const second = await takeOver(takeover); // which removes the third
  await second.release();
}

const takeoverPath = (path: string) => `${path}.takeover`;

function isSame(one: Sighting, other: Sighting): boolean {
  return one.text === other.text && one.mtimeMs === other.mtimeMs;
}

function hold(path: string, text: string, timing: LockTiming): Lock {
  let confirmedAt = Date.now();
  const check = async () => {
    const current = await readFile(path, 'utf8').catch(() => undefined);
    if (current !== text) throw new LockLost(`${path} was taken over`);
    const now = new Date();
    await utimes(path, now, now);
    confirmedAt = now.getTime();
  };
  // A failed refresh is not an error yet: confirm() checks again before anything depends on it.
  let refreshing = Promise.resolve();
  const timer = setInterval(() => {
    refreshing = refreshing.then(check).catch(() => undefined);
  }, timing.refreshMs);
  timer.unref();
  return {
    async confirm(maxAgeMs = timing.staleMs / 2) {
      if (Math.abs(Date.now() - confirmedAt) >= maxAgeMs) await check();
    },
    async release() {
      clearInterval(timer);
      await refreshing;
      if ((await readLockFile(path))?.text === text) await rm(path, { force: true });
    },
  };
}

async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await sleep(ms, undefined, signal ? { signal } : {});
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
