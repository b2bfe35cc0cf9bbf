import { withRetries } from '../http/retries.js';
import { waitText } from '../http/retry-after.js';
import type { TransientFailure } from '../http/transient-failure.js';
import type { HubConnection } from './connection.js';
import { type HubFile, tooLongWait } from './failures.js';

const NOTED_WAIT_MS = 2_000;

/**
 * Runs `attempt` with the retries of a connection, and notes waits that a user would notice. `progress` reports how far the attempts
 * have come: a transfer that makes progress is never given up.
 * @throws the last TransientFailure if the attempts are used up; HubError if the server asks for a wait of more
 *   than five minutes; `signal.reason` when aborted
 */
export function withHubRetries<T>(
  file: HubFile,
  connection: HubConnection,
  attempt: () => Promise<T>,
  options: {
    readonly progress?: () => number;
    readonly retriesFor?: (failure: TransientFailure) => number;
  } = {},
): Promise<T> {
  const { timing, signal, onNote } = connection;
  return withRetries(attempt, {
    ...options,
    timing,
    signal,
    tooLongWait: (failure, wait) => tooLongWait(failure, wait, file, connection),
    onWait: ({ message, retryAfterMs }, ms) => {
      if (ms < NOTED_WAIT_MS) return;
      const asked = ms === retryAfterMs ? ', as the server asks,' : '';
      onNote(`${file.file}: ${message}; waiting ${waitText(ms)}${asked} before the next attempt`);
    },
  });
}
