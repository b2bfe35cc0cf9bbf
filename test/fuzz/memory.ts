import { readdirSync, readFileSync } from 'node:fs';

const EVERY = 20; // ms

/** The files of /proc come and go with their processes. */
function read<T>(from: () => T, otherwise: T): T {
  try {
    return from();
  } catch {
    return otherwise;
  }
}

/** A process, its children, and theirs. */
function processTree(pid: number): readonly number[] {
  const threads = read(() => readdirSync(`/proc/${pid}/task`), []);
  const children = threads.flatMap((thread) =>
    read(() => readFileSync(`/proc/${pid}/task/${thread}/children`, 'latin1'), '')
      .split(' ')
      .filter(Boolean),
  );
  return [pid, ...children.flatMap((child) => processTree(Number(child)))];
}

/** The most bytes that a process has held so far. */
function highWater(pid: number): number {
  const status = read(() => readFileSync(`/proc/${pid}/status`, 'latin1'), '');
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
}

/**
 * Watches the memory of a process and of those that it starts, until `stop`, which says the most that was held: the peaks of
 * the processes that lived at one time, added up. Linux alone.
 */
export function watchMemory(pid: number): { readonly stop: () => number } {
  let most = 0;
  const look = () => {
    most = Math.max(
      most,
      processTree(pid).reduce((sum, process) => sum + highWater(process), 0),
    );
  };
  const timer = setInterval(look, EVERY);
  look();
  return {
    stop: () => {
      clearInterval(timer);
      return most;
    },
  };
}
