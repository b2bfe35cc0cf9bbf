import type { HubConnection } from './connection.js';
import { type HubFile, TransientFailure, tooLongWait } from './failures.js';
import { waitText } from './retry-after.js';

// The hub counts requests in windows of five minutes, so its own limits reset within that time
// (https://huggingface.co/docs/hub/rate-limits). For a longer wait, it is better to stop and run again later.
const LONGEST_WAIT_MS = 5 * 60_000;
const NOTED_WAIT_MS = 2_000;

/**
 * Runs `attempt` until it succeeds, fails permanently, or fails too often without progress. Waits longer before
 * each attempt, or as long as the server asks, and notes waits that a user would notice. `progress` reports how far
 * the attempts have come: a transfer that makes progress is never given up.
 * @throws the last TransientFailure if the attempts are used up; HubError if the server asks for a wait of more
 *   than five minutes; `signal.reason` when aborted
 */
export async function withRetries<T>(
  file: HubFile,
  connection: HubConnection,
  attempt: () => Promise<T>,
  options: {
    readonly progress?: () => number;
    readonly retriesFor?: (failure: TransientFailure) => number;
  } = {},
): Promise<T> {
  const { timing, signal } = connection;
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
      refuseLongWait(file, error, connection);
      if (failures > (options.retriesFor?.(error) ?? timing.retries)) throw error;
      await pause(file, error, failures, connection);
    }
  }
}

function refuseLongWait(file: HubFile, failure: TransientFailure, connection: HubConnection): void {
  const { retryAfterMs = 0 } = failure;
  if (retryAfterMs > LONGEST_WAIT_MS) {
    throw tooLongWait(failure, { asked: retryAfterMs, longest: LONGEST_WAIT_MS }, file, connection);
  }
}

/** Waits before the next attempt, depending on the number of consecutive failures. */
async function pause(
  file: HubFile,
  { message, retryAfterMs = 0 }: TransientFailure,
  failures: number,
  { timing, signal, onNote }: HubConnection,
): Promise<void> {
  const backoffMs = Math.min(500 * 2 ** (failures - 1), 8_000);
  const ms = Math.max(retryAfterMs, backoffMs);
  if (ms >= NOTED_WAIT_MS) {
    const asked = ms === retryAfterMs ? ', as the server asks,' : '';
    onNote(`${file.file}: ${message}; waiting ${waitText(ms)}${asked} before the next attempt`);
  }
  try {
    await timing.wait(ms, signal);
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}
