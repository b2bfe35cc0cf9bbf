// Time during which this process is suspended (Ctrl-Z, a paused container, a sleeping laptop) does not count. A late timer cannot
// tell such time from work, so time is counted in short ticks, and a late tick counts for at most twice its length.
const TICK = 100; // ms

/**
 * Calls back once this process has run for this long, to the precision of a tick. Events that are already pending, such as the
 * result waited for, are handled first.
 *
 * @returns a function that cancels the wait
 */
export function setRunningTimeout(milliseconds: number, onOver: () => void): () => void {
  let left = milliseconds;
  let timer: NodeJS.Timeout | undefined;
  let turn: NodeJS.Immediate | undefined;
  const wait = () => {
    const tick = Math.min(TICK, left);
    const begun = performance.now();
    timer = setTimeout(() => {
      left -= Math.min(performance.now() - begun, 2 * tick);
      if (left > 0) wait();
      else turn = setImmediate(onOver); // after all pending events
    }, tick);
  };
  wait();
  return () => {
    clearTimeout(timer);
    clearImmediate(turn);
  };
}

/** Resolves as a promise does, or to undefined if that takes longer than this much running time. */
export async function withRunningTimeout<T>(
  milliseconds: number,
  promise: Promise<T>,
): Promise<T | undefined> {
  let end = () => {};
  const late = new Promise<undefined>((resolve) => {
    end = setRunningTimeout(milliseconds, () => resolve(undefined));
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    end();
  }
}
