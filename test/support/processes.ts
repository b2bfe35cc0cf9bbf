import { readdirSync, readFileSync } from 'node:fs';

/** A process, as Linux shows it in /proc. */
export interface RunningProcess {
  readonly pid: number;
  readonly parent: number; // the process that started it; 1 or a subreaper once that has ended
  readonly group: number; // receives the signals of the terminal, such as Ctrl-C
  readonly isZombie: boolean; // it has ended, but has not been reaped
  readonly seconds: number; // of CPU time
  readonly command: string; // with its arguments
}

const TICKS = 100; // per second, in all times that Linux reports

/** Lists all processes that this one may see. */
function runningProcesses(): readonly RunningProcess[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => describeProcess(Number(name)) ?? []);
}

/** Lists the children of a process whose command names a script. */
export function childrenRunning(script: string, parent: number): readonly RunningProcess[] {
  return runningProcesses().filter(
    (child) => child.parent === parent && !child.isZombie && child.command.includes(script),
  );
}

/** Counts the threads of a process. */
export function threadsOf(pid: number): number {
  return readdirSync(`/proc/${pid}/task`).length;
}

/** @returns undefined if there is no such process any more */
export function describeProcess(pid: number): RunningProcess | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
    // https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html, after the name in parentheses, which may contain
    // anything
    const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [parent = 0, group = 0, , , , , , , , , user = 0, system = 0] = fields.map(Number);
    return { pid, parent, group, isZombie: state === 'Z', seconds: (user + system) / TICKS, command };
  } catch {
    return undefined;
  }
}
