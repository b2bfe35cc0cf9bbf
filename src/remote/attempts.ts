import { setMaxListeners } from 'node:events';
import { withRetries } from '../http/retries.js';
import { waitText } from '../http/retry-after.js';
import { TRANSFER_TIMING, type TransferTiming } from '../http/timing.js';
import { TransientFailure } from '../http/transient-failure.js';
import { ImageRefusal } from '../refusal.js';
import { Patience } from './patience.js';
import type { RemoteCounts, RemoteSettings } from './settings.js';

const UNREACHABLE_RETRIES = 2; // a list has many addresses of hosts that are gone

export interface AttemptOptions {
  readonly patience?: Patience | undefined; // new by default
  readonly progress?: (() => number) | undefined; // how far the attempts have come
}

/** The attempts of a job to reach servers of any kind: as many as each object needs. Close them when done. */
export class Attempts {
  readonly timing: TransferTiming;
  readonly signal: AbortSignal; // ends all requests
  readonly counted = { requests: 0, retries: 0, bytes: 0 }; // those who make requests count them
  readonly #seconds: number;
  readonly #closed = new AbortController();

  /** @param signal ends all requests */
  constructor(
    { seconds, timing }: Pick<RemoteSettings, 'seconds' | 'timing'>,
    signal: AbortSignal | undefined,
  ) {
    this.#seconds = seconds;
    this.timing = { ...TRANSFER_TIMING, ...timing };
    this.signal = signal ? AbortSignal.any([signal, this.#closed.signal]) : this.#closed.signal;
    setMaxListeners(0, this.signal); // one for each request under way, or Node would warn of a leak
  }

  get counts(): RemoteCounts {
    return { ...this.counted };
  }

  /** Returns the patience with a new object. */
  patience(): Patience {
    return new Patience(this.#seconds);
  }

  /**
   * Works on an object with as many attempts as it needs.
   *
   * @param attempt makes requests with the patience that it is given
   * @throws ImageRefusal network if the attempts are used up; what an attempt throws; the signal's reason on abort
   */
  async run<T>(
    attempt: (patience: Patience) => Promise<T>,
    { patience = this.patience(), progress }: AttemptOptions = {},
  ): Promise<T> {
    const { timing, signal } = this;
    try {
      return await withRetries(() => attempt(patience), {
        timing,
        signal,
        progress,
        jitter: 0.5,
        retriesFor: ({ kind }) => (kind === 'unreachable' ? UNREACHABLE_RETRIES : timing.retries),
        onWait: () => {
          patience.check();
          this.counted.retries++;
        },
        tooLongWait: ({ message }, { asked }) =>
          new ImageRefusal('network', `${message}, and the server asks to wait ${waitText(asked)}`),
      });
    } catch (error) {
      if (error instanceof TransientFailure) throw new ImageRefusal('network', error.message);
      throw error;
    }
  }

  /** Ends all requests. */
  close(): void {
    this.#closed.abort(new ImageRefusal('network', 'the run has ended'));
  }
}
