import { readdirSync, readFileSync } from 'node:fs';

const EVERY = 20; // ms

/** Reads /proc, where files disappear with their processes. */
function read<T>(from: () => T, otherwise: T): T {
  try {
    return from();
  } catch {
    return otherwise;
  }
}

/** A process and its descendants. */
function processTree(pid: number): readonly number[] {
  const threads = read(() => readdirSync(`/proc/${pid}/task`), []);
  const children = threads.flatMap((thread) =>
    read(() => readFileSync(`/proc/${pid}/task/${thread}/children`, 'latin1'), '')
      .split(' ')
      .filter(Boolean),
  );
  return [pid, ...children.flatMap((child) => processTree(Number(child)))];
}

/** The peak memory of a process so far, in bytes. */
function highWater(pid: number): number {
  const status = read(() => readFileSync(`/proc/${pid}/status`, 'latin1'), '');
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
}

/**
 * Watches the memory of a process and its descendants until `stop`, which returns the maximum: the sum of the peaks of
 * the processes alive at one time. Linux only.
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
