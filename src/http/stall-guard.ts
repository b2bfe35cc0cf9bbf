// src/http/: requests to servers: proxies, redirects, retries, stalls

import type { Response } from 'undici';
import type { TransferTiming } from './timing.js';
import { describeNetworkError, TransientFailure } from './transient-failure.js';

/** Watches over one request. */
export interface StallGuard {
  readonly signal: AbortSignal; // of the request
  during<T>(work: Promise<T>): Promise<T>;
}

export interface StallGuardOptions {
  readonly timing: Pick<TransferTiming, 'stallMs'>;
  readonly signal: AbortSignal | undefined;
  /** Makes the error for a proxy that refuses the request for good. */
  readonly proxyRefusal: (status: number) => Error;
}

/**
 * Aborts a request after `stallMs` without data, and converts fetch's errors to ours.
 * @throws TransientFailure on a broken or stalled connection; what `proxyRefusal` makes; `signal.reason` when aborted
 */
export function stallGuard({ timing, signal, proxyRefusal }: StallGuardOptions): StallGuard {
  // Not AbortSignal.any: in Node 20, a signal never forgets those that were made of it, one for each request.
  const ended = new AbortController();
  const end = () => ended.abort();
  return {
    signal: ended.signal,
    async during(work) {
      const timer = setTimeout(end, timing.stallMs);
      signal?.addEventListener('abort', end);
      if (signal?.aborted) end();
      try {
        return await work;
      } catch (error) {
        signal?.throwIfAborted();
        if (ended.signal.aborted) {
          throw new TransientFailure(`no bytes for ${timing.stallMs / 1000} s`, { cause: error });
        }
        const status = proxyAnswer(error);
        if (status === undefined) throw new TransientFailure(describeNetworkError(error), { cause: error });
        if (status < 500) throw proxyRefusal(status);
        throw new TransientFailure(`the proxy answered HTTP ${status}`, { kind: 'status' });
      } finally {
        clearTimeout(timer);
        signal?.removeEventListener('abort', end);
      }
    },
  };
}

/**
 * Returns the status with which a proxy refused a tunnel or asked for a password; undefined for any other error.
 * undici reports it only in the message.
 */
function proxyAnswer(error: unknown): number | undefined {
  for (let level = error; level instanceof Error; level = level.cause) {
    const status = /^Proxy (?:response|Authentication Required) \((\d{3})\)/.exec(level.message)?.[1];
    if (status !== undefined) return Number(status);
  }
  return undefined;
}

/** Yields the body of a response in chunks. */
export async function* readBody(response: Response, guard: StallGuard): AsyncGenerator<Uint8Array, void> {
  const reader = response.body?.getReader();
  if (reader === undefined) return;
  try {
    for (;;) {
      const { done, value } = await guard.during(reader.read());
      if (done) return;
      yield value;
    }
  } finally {
    // Cancelling a failed stream repeats its error, which was thrown above.
    await reader.cancel().catch(() => undefined);
  }
}

/** Gives up a response. Once reading has begun, the reader cancels the body. */
export async function discard(response: Response): Promise<void> {
  if (response.body !== null && !response.body.locked) await response.body.cancel();
}
