import type { TransferTiming } from './timing.js';
import { TransientFailure } from './transient-failure.js';

// The Hugging Face hub counts requests in windows of five minutes, so its own limits reset within that time
// (https://huggingface.co/docs/hub/rate-limits). For a longer wait, it is better to stop and run again later.
const LONGEST_WAIT_MS = 5 * 60_000;
const FIRST_BACKOFF_MS = 500;
const LONGEST_BACKOFF_MS = 8_000;

export interface RetryOptions {
  readonly timing: Pick<TransferTiming, 'retries' | 'wait'>;
  readonly signal?: AbortSignal | undefined;
  readonly jitter?: number; // the largest part of a wait to leave out at random, so that requests spread; default 0
  readonly progress?: (() => number) | undefined; // how far the attempts have come
  readonly retriesFor?: ((failure: TransientFailure) => number) | undefined; // those of the timing by default
  readonly onWait?: ((failure: TransientFailure, ms: number) => void) | undefined; // before each wait
  /** Makes the error for a server that asks for a longer wait than halonet accepts. Times are in milliseconds. */
  readonly tooLongWait: (
    failure: TransientFailure,
    wait: { readonly asked: number; readonly longest: number },
  ) => Error;
}

/**
 * Runs `attempt` until it succeeds, fails permanently, or fails too often without progress. Waits longer before
 * each attempt, or as long as the server asks. A transfer that makes progress is never given up.
 * @throws the last TransientFailure if the attempts are used up; `tooLongWait` if the server asks for a wait of more
 *   than five minutes; `signal.reason` when aborted
 */
export async function withRetries<T>(attempt: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { timing, signal, jitter = 0 } = options;
  let failures = 0;
  let furthest = 0;
  for (;;) {
    signal?.throwIfAborted();
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof TransientFailure)) throw error;
      const reached = options.progress?.() ?? 0;
      failures = reached > furthest ? 1 : failures + 1;
      furthest = Math.max(furthest, reached);
      const { retryAfterMs: asked = 0 } = error;
      if (asked > LONGEST_WAIT_MS) throw options.tooLongWait(error, { asked, longest: LONGEST_WAIT_MS });
      if (failures > (options.retriesFor?.(error) ?? timing.retries)) throw error;
      const backoff = Math.min(FIRST_BACKOFF_MS * 2 ** (failures - 1), LONGEST_BACKOFF_MS);
      const ms = Math.max(asked, backoff * (1 - jitter * Math.random()));
      options.onWait?.(error, ms);
      await pause(ms, options);
    }
  }
}

async function pause(ms: number, { timing, signal }: RetryOptions): Promise<void> {
  try {
    await timing.wait(ms, signal);
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}
