import { readFile, readlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { kill, pid, platform } from 'node:process';

/** A process as a lock file names it, so that another process can tell whether it still runs. */
export interface LockHolder {
  readonly pid: number; // as its own pid namespace counts, 1..2^31-1
  readonly host: string;
  readonly pidSpace?: string | undefined; // Linux: the boot and the pid namespace in which `pid` counts
  readonly started?: string | undefined; // Linux: clock ticks from boot to its start; tells a reused pid
}

/** `unknown`: it runs elsewhere, or the lock file does not say who holds it, or not enough to tell a reused pid. */
export type HolderState = 'running' | 'gone' | 'unknown';

export async function thisProcess(): Promise<LockHolder> {
  const [pidSpace, stat] = await Promise.all([readPidSpace(), readStat('self')]);
  return { pid, host: hostname(), pidSpace, started: stat?.started };
}

/**
 * Whether the process runs, as far as this process can see it. `gone` is certain. `running` says that its pid is in
 * use by a process that started when the holder did. Without start times (macOS, Windows) another process may have been
 * given the pid since, after a restart of the machine for one: a holder whose pid is in use is `unknown` there.
 */
export async function stateOf(holder: LockHolder | undefined, self: LockHolder): Promise<HolderState> {
  if (holder === undefined || holder.host !== self.host || holder.pidSpace !== self.pidSpace)
    return 'unknown';
  // Linux without /proc: host names alone do not tell two containers apart.
  if (platform === 'linux' && self.pidSpace === undefined) return 'unknown';
  if (!isInUse(holder.pid)) return 'gone';
  if (holder.started === undefined) return 'unknown';
  const stat = await readStat(holder.pid);
  // Gone between the two looks, or hidden: /proc may show a user's own processes only.
  if (stat === undefined) return isInUse(holder.pid) ? 'running' : 'gone';
  return stat.started !== holder.started || stat.isZombie ? 'gone' : 'running';
}

/** The text of a lock file. `token` tells two locks of one process apart; `purpose` is for people who open it. */
export function formatHolder(holder: LockHolder, token: string, purpose: string): string {
  return `${JSON.stringify({ purpose, ...holder, token })}\n`;
}

const START = '{"purpose":';

/**
 * Whether a text may be what a crash has left of a lock file that was being written: nothing, the beginning of one, and
 * blanks or NULs in place of what never came to disk.
 */
export function isRemnant(text: string): boolean {
  const written = text.replace(/[\0\s]+$/, '');
  if (written === '' || START.startsWith(written)) return true;
  return written.startsWith(START) && parseJson(written) === undefined;
}

/** Undefined where the text names no process, as after a crash while it was written. */
export function parseHolder(text: string): LockHolder | undefined {
  const value = parseJson(text);
  return isHolder(value) ? value : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isHolder(value: unknown): value is LockHolder {
  if (typeof value !== 'object' || value === null) return false;
  const { pid: id, host, pidSpace, started }: Partial<Record<keyof LockHolder, unknown>> = value;
  const isPid = typeof id === 'number' && id > 0 && id === (id | 0); // 0 and below would name process groups
  return isPid && typeof host === 'string' && isTextOrNone(pidSpace) && isTextOrNone(started);
}

function isTextOrNone(value: unknown): boolean {
  return value === undefined || typeof value === 'string';
}

function isInUse(id: number): boolean {
  try {
    kill(id, 0);
    return true;
  } catch (error) {
    // EPERM: it is there, another user's.
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH');
  }
}

/**
 * The first pid namespace has the same number on every machine, and hosts of one network share may have one name:
 * the id of the boot tells them apart.
 */
async function readPidSpace(): Promise<string | undefined> {
  try {
    const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8');
    return `${boot.trim()} ${await readlink('/proc/self/ns/pid')}`;
  } catch {
    return undefined;
  }
}

/** Fields of /proc/PID/stat (https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html). */
async function readStat(id: number | 'self'): Promise<{ started: string; isZombie: boolean } | undefined> {
  let text: string;
  try {
    text = await readFile(`/proc/${id}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // Field 2 is the program's name in parentheses, which may hold spaces and parentheses itself.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state, threads, started] = [fields[3 - 3], fields[20 - 3], fields[22 - 3]];
  if (started === undefined) return undefined;
  // A killed process that its parent has not waited for; with other threads left, one may still be in a write.
  return { started, isZombie: state === 'Z' && Number(threads) <= 1 };
}
