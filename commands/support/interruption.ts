/** The abort reason of a run that a signal ended. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
  readonly signal: Signal;
  readonly exitCode: number;

  constructor(signal: Signal) {
    super(`interrupted (${signal})`);
    this.signal = signal;
    this.exitCode = EXIT_CODES[signal];
  }
}

// 128 plus the number of the signal, as in shells.
const EXIT_CODES = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

type Signal = keyof typeof EXIT_CODES;

const SIGNALS: readonly Signal[] = ['SIGHUP', 'SIGINT', 'SIGTERM'];

// A second signal so soon comes from the same source: `timeout` signals both the process and its group.
const SAME_MS = 500;

/**
 * Turns the first SIGHUP, SIGINT or SIGTERM into an abort with an {@link Interrupted}. A second one, at least half
 * a second later, ends the process at once, as by default.
 */
export function abortOnSignals(): { readonly signal: AbortSignal; readonly release: () => void } {
  const controller = new AbortController();
  const handlers = SIGNALS.map((name) => {
    const stop = () => {
      if (controller.signal.aborted) return;
      setTimeout(release, SAME_MS).unref();
      controller.abort(new Interrupted(name));
    };
    process.on(name, stop);
    return () => process.off(name, stop);
  });
  const release = () => {
    for (const off of handlers) off();
  };
  return { signal: controller.signal, release };
}
