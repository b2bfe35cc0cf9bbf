import { readFile, readlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { kill, pid, platform } from 'node:process';

/** A process as a lock file names it, for other processes to tell whether it still runs. */
export interface LockHolder {
  readonly pid: number; // in its own pid namespace, 1..2^31-1
  readonly host: string;
  readonly pidSpace?: string | undefined; // Linux: the boot and the pid namespace of `pid`
  readonly started?: string | undefined; // Linux: clock ticks from boot to its start; distinguishes a reused pid
}

/** `unknown`: it runs elsewhere, or the lock file does not name it, or says too little to detect a reused pid. */
export type HolderState = 'running' | 'gone' | 'unknown';

export async function thisProcess(): Promise<LockHolder> {
  const [pidSpace, stat] = await Promise.all([readPidSpace(), readStat('self')]);
  return { pid, host: hostname(), pidSpace, started: stat?.started };
}

/**
 * Returns whether the process runs, as far as this process can see. `gone` is certain. `running` means that its pid is in
 * use by a process with the holder's start time. Without start times (macOS, Windows), another process may have been given
 * the pid, for example after a reboot, so a holder whose pid is in use is `unknown`.
 */
export async function stateOf(holder: LockHolder | undefined, self: LockHolder): Promise<HolderState> {
  if (holder === undefined || holder.host !== self.host || holder.pidSpace !== self.pidSpace)
    return 'unknown';
  // Linux without /proc: host names alone do not tell two containers apart.
  if (platform === 'linux' && self.pidSpace === undefined) return 'unknown';
  if (!isInUse(holder.pid)) return 'gone';
  if (holder.started === undefined) return 'unknown';
  const stat = await readStat(holder.pid);
  // Gone since the check above, or hidden: /proc may show only a user's own processes.
  if (stat === undefined) return isInUse(holder.pid) ? 'running' : 'gone';
  return stat.started !== holder.started || stat.isZombie ? 'gone' : 'running';
}

/** Returns the text of a lock file. `token` distinguishes locks of one process; `purpose` is for people who open the file. */
export function formatHolder(holder: LockHolder, token: string, purpose: string): string {
  return `${JSON.stringify({ purpose, ...holder, token })}\n`;
}

const START = '{"purpose":';

/**
 * Returns whether a text may be a lock file that a crash left half-written: empty or a prefix, perhaps followed by blanks or
 * NULs in place of bytes that never reached the disk.
 */
export function isRemnant(text: string): boolean {
  const written = text.replace(/[\0\s]+$/, '');
  if (written === '' || START.startsWith(written)) return true;
  return written.startsWith(START) && parseJson(written) === undefined;
}

/** Parses a lock file; undefined if it names no process, for example after a crash while it was written. */
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
    // EPERM: the process exists, but belongs to another user.
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH');
  }
}

/**
 * Reads the pid namespace, with the boot id: the first namespace has the same number on every machine, and hosts on one
 * network share may have the same name.
 */
async function readPidSpace(): Promise<string | undefined> {
  try {
    const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8');
    return `${boot.trim()} ${await readlink('/proc/self/ns/pid')}`;
  } catch {
    return undefined;
  }
}

/** Reads fields of /proc/PID/stat (https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html). */
async function readStat(id: number | 'self'): Promise<{ started: string; isZombie: boolean } | undefined> {
  let text: string;
  try {
    text = await readFile(`/proc/${id}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // Field 2 is the program's name in parentheses, and may itself contain spaces and parentheses.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state, threads, started] = [fields[3 - 3], fields[20 - 3], fields[22 - 3]];
  if (started === undefined) return undefined;
  // A zombie is a killed process that its parent has not waited for; if it has other threads, one may still be writing.
  return { started, isZombie: state === 'Z' && Number(threads) <= 1 };
}
