import { readdirSync, readFileSync } from 'node:fs';

/** A process, as Linux shows it in /proc. */
export interface RunningProcess {
  readonly pid: number;
  readonly parent: number; // the pid of what started it; 1, or a subreaper, once that is gone
  readonly group: number; // what a signal of the terminal, such as Ctrl-C, goes to
  readonly isZombie: boolean; // it has ended, and nobody has asked for its status
  readonly seconds: number; // of computing
  readonly command: string; // with its arguments
}

const TICKS = 100; // a second, in all that Linux tells of times

/** All processes that this one may see. */
function runningProcesses(): readonly RunningProcess[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => describeProcess(Number(name)) ?? []);
}

/** Those whose command names a script, among what a process started. */
export function childrenRunning(script: string, parent: number): readonly RunningProcess[] {
  return runningProcesses().filter(
    (child) => child.parent === parent && !child.isZombie && child.command.includes(script),
  );
}

/** How many threads a process has. */
export function threadsOf(pid: number): number {
  return readdirSync(`/proc/${pid}/task`).length;
}

/** @returns undefined where there is no such process any more */
export function describeProcess(pid: number): RunningProcess | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
    // https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html, behind the name in brackets, which may hold anything
    const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [parent = 0, group = 0, , , , , , , , , user = 0, system = 0] = fields.map(Number);
    return { pid, parent, group, isZombie: state === 'Z', seconds: (user + system) / TICKS, command };
  } catch {
    return undefined;
  }
}
