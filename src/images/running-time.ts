// Time that passes while this process stands still (Ctrl-Z, a paused container, a laptop asleep) is no time of work. A timer
// that fires late cannot tell it from time of work, so that time is counted in ticks, each for little more than it should be.
const TICK = 100; // ms

/**
 * Calls back once this process has run for so long, as far as a tick tells; and not before what is there by then has been seen,
 * such as the result that was waited for.
 *
 * @returns ends the wait
 */
export function afterRunning(milliseconds: number, onOver: () => void): () => void {
  let left = milliseconds;
  let timer: NodeJS.Timeout | undefined;
  let turn: NodeJS.Immediate | undefined;
  const wait = () => {
    const tick = Math.min(TICK, left);
    const begun = performance.now();
    timer = setTimeout(() => {
      left -= Math.min(performance.now() - begun, 2 * tick);
      if (left > 0) wait();
      else turn = setImmediate(onOver); // behind all that is there
    }, tick);
  };
  wait();
  return () => {
    clearTimeout(timer);
    clearImmediate(turn);
  };
}

/** What a promise resolves to, or undefined when it takes more than so much time of this process. */
export async function whileRunning<T>(milliseconds: number, promise: Promise<T>): Promise<T | undefined> {
  let end = () => {};
  const late = new Promise<undefined>((resolve) => {
    end = afterRunning(milliseconds, () => resolve(undefined));
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    end();
  }
}
