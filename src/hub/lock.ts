import { randomUUID } from 'node:crypto';
import { open, readFile, rm, utimes } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** Milliseconds. `staleMs` must be several times `refreshMs`. */
export interface LockTiming {
  readonly refreshMs: number; // how often the holder touches the lock file
  readonly staleMs: number; // a lock file untouched for so long has lost its holder
  readonly pollMs: number; // how often a waiter looks
}

export const LOCK_TIMING: LockTiming = { refreshMs: 1_000, staleMs: 10_000, pollMs: 250 };

/** A held lock. Call `release` exactly once. */
export interface Lock {
  /**
   * Resolves when the lock was seen to be ours within `maxAgeMs` (default: half of `staleMs`), and looks again
   * when that was longer ago, as after a suspended laptop.
   * @throws LockLost when another process has taken the lock over.
   */
  confirm(maxAgeMs?: number): Promise<void>;
  release(): Promise<void>;
}

/** Another process took a lock over because its holder stood still for longer than `staleMs`. */
export class LockLost extends Error {
  override readonly name = 'LockLost';
}

interface Sighting {
  readonly token: string;
  readonly mtimeMs: number;
}

/**
 * Takes the lock file `path`, waiting while another process holds it. Its folder must exist.
 * The holder touches the file; a waiter that has seen no touch for `staleMs` of its own clock takes over, so a
 * killed holder does not block, and neither clock skew nor process ids matter across hosts of one network share.
 * `onWait` is called at every look at a lock that another holds.
 * @throws the file system's error when the lock file cannot be created; `signal.reason` when aborted.
 */
export async function acquireLock(
  path: string,
  options: {
    readonly timing?: LockTiming | undefined;
    readonly signal?: AbortSignal | undefined;
    readonly onWait?: (() => Promise<void>) | undefined;
  } = {},
): Promise<Lock> {
  const { timing = LOCK_TIMING, signal, onWait } = options;
  const token = randomUUID();
  let seen: Sighting | undefined;
  let seenAt = 0;
  for (;;) {
    signal?.throwIfAborted();
    if (await create(path, token)) return hold(path, token, timing);
    const now = await look(path);
    if (now === undefined) continue; // released between the two calls
    if (seen === undefined || !isSame(now, seen)) {
      seen = now;
      seenAt = Date.now();
    } else if (Date.now() - seenAt > timing.staleMs) {
      await clearAway(path, seen, { timing, signal });
      continue;
    }
    await onWait?.();
    await pause(timing.pollMs, signal);
  }
}

/** Creates the lock file, or says that there is one already. */
async function create(path: string, token: string): Promise<boolean> {
  try {
    const handle = await open(path, 'wx');
    try {
      await handle.writeFile(token);
    } catch (error) {
      await rm(path, { force: true });
      throw error;
    } finally {
      await handle.close();
    }
    return true;
  } catch (error) {
    // Windows answers EPERM, not EEXIST, for a file that another process is just removing.
    if (isCode(error, 'EEXIST') || (isCode(error, 'EPERM') && (await look(path)) !== undefined)) return false;
    throw error;
  }
}

// Opening the file, unlike a bare stat, makes an NFS client ask the server.
async function look(path: string): Promise<Sighting | undefined> {
  try {
    const handle = await open(path, 'r');
    try {
      const { mtimeMs } = await handle.stat();
      return { token: await handle.readFile('utf8'), mtimeMs };
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/**
 * Removes an abandoned lock file, under a lock of its own: of several waiters that saw the same dead holder, a slow
 * one must not remove the lock that a quick one has made since.
 */
async function clearAway(
  path: string,
  abandoned: Sighting,
  options: { readonly timing: LockTiming; readonly signal: AbortSignal | undefined },
): Promise<void> {
  const takeover = await acquireLock(`${path}.takeover`, options);
  try {
    const now = await look(path);
    if (now !== undefined && isSame(now, abandoned)) await rm(path, { force: true });
  } finally {
    await takeover.release();
  }
}

function isSame(one: Sighting, other: Sighting): boolean {
  return one.token === other.token && one.mtimeMs === other.mtimeMs;
}

function hold(path: string, token: string, timing: LockTiming): Lock {
  let confirmedAt = Date.now();
  const check = async () => {
    const current = await readFile(path, 'utf8').catch(() => undefined);
    if (current !== token) throw new LockLost(`${path} was taken over`);
    const now = new Date();
    await utimes(path, now, now);
    confirmedAt = now.getTime();
  };
  // A failed refresh is not an error yet: confirm() looks again before anything depends on it.
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
      if ((await look(path))?.token === token) await rm(path, { force: true });
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
