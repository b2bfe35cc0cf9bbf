import { setTimeout as sleep } from 'node:timers/promises';
import { HubError } from '../errors.js';
import { describeNetworkError, type HubFile, refusal, TransientFailure } from './failures.js';

/** How patient the transfers are. Times are milliseconds. */
export interface TransferTiming {
  readonly stallMs: number; // so long without a byte counts as broken
  readonly retries: number; // attempts in a row that may bring nothing new, after the first
  readonly wait: (ms: number, signal: AbortSignal | undefined) => Promise<void>; // between attempts
}

export const TRANSFER_TIMING: TransferTiming = {
  stallMs: 30_000,
  retries: 5,
  wait: async (ms, signal) => {
    await sleep(ms, undefined, signal ? { signal } : {});
  },
};

/** What all requests of one download share. */
export interface HubConnection {
  readonly endpoint: string;
  readonly token: string | undefined;
  readonly timing: TransferTiming;
  readonly signal: AbortSignal | undefined;
}

/** An answer whose body is read piece by piece. Call `discard` at the end, whatever was read. */
export interface HubResponse {
  readonly status: number;
  readonly headers: Headers;
  chunks(): AsyncGenerator<Uint8Array, void>;
  discard(): Promise<void>;
}

const MAX_REDIRECTS = 10;
const LONGEST_WAIT_MS = 60_000;

/**
 * One request with its redirects. `Authorization` goes to the endpoint's own origin and nowhere else.
 * `redirects: 'same-origin'` returns a redirect that leads elsewhere, whose headers describe the file.
 * @throws TransientFailure on a broken or stalled connection, 408, 429, 5xx, and a redirect target's 403 (its
 *   signature has run out); HubError on any other status from 400 but 416; `signal.reason` when aborted.
 */
export async function hubRequest(
  file: HubFile,
  connection: HubConnection,
  request: {
    readonly method: 'HEAD' | 'GET';
    readonly redirects: 'same-origin' | 'all';
    readonly headers?: Readonly<Record<string, string>>;
  },
): Promise<HubResponse> {
  const home = new URL(connection.endpoint).origin;
  const guard = stallGuard(connection);
  let url = new URL(file.url);
  for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
    const headers = new Headers(request.headers);
    headers.set('user-agent', 'halonet');
    headers.set('accept-encoding', 'identity'); // sizes and ranges are those of the file itself
    if (connection.token !== undefined && url.origin === home) {
      headers.set('authorization', `Bearer ${sendable(connection.token)}`);
    }
    const init = { method: request.method, headers, redirect: 'manual', signal: guard.signal } as const;
    const response = await guard.during(fetch(url, init));
    const target = redirectTarget(response, url);
    if (target === undefined || (request.redirects === 'same-origin' && target.origin !== url.origin)) {
      if (response.status >= 400 && response.status !== 416) {
        await discard(response);
        throw statusFailure(response, { file, isHome: url.origin === home, connection });
      }
      return {
        status: response.status,
        headers: response.headers,
        chunks: () => readBody(response, guard),
        discard: () => discard(response),
      };
    }
    await discard(response);
    url = target;
  }
  throw new TransientFailure(`more than ${MAX_REDIRECTS} redirects`);
}

/**
 * Runs `attempt` until it succeeds, fails for good, or has failed too often with nothing new to show for it.
 * `progress` tells how far the attempts have come: a transfer that gets on is never given up.
 * @throws the last TransientFailure when the attempts are used up.
 */
export async function withRetries<T>(
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
      if (failures > (options.retriesFor?.(error) ?? timing.retries)) throw error;
      const backoffMs = Math.min(500 * 2 ** (failures - 1), 8_000);
      await wait(Math.min(error.retryAfterMs ?? backoffMs, LONGEST_WAIT_MS), connection);
    }
  }
}

async function wait(ms: number, { timing, signal }: HubConnection): Promise<void> {
  try {
    await timing.wait(ms, signal);
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}

// Headers.set would refuse it too, in an error that shows the token.
function sendable(token: string): string {
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new HubError('HF_TOKEN holds characters that a token cannot have', {
    hint: 'Set HF_TOKEN to the token alone (it begins with hf_), or remove the token file.',
  });
}

function redirectTarget(response: Response, from: URL): URL | undefined {
  const location = response.headers.get('location');
  if (![301, 302, 303, 307, 308].includes(response.status) || location === null) return undefined;
  return URL.canParse(location, from.href) ? new URL(location, from) : undefined;
}

function statusFailure(
  { status, headers }: Response,
  asked: { readonly file: HubFile; readonly isHome: boolean; readonly connection: HubConnection },
): Error {
  if (status === 408 || status === 429 || status >= 500 || (status === 403 && !asked.isHome)) {
    const retryAfterMs = parseRetryAfter(headers.get('retry-after'));
    return new TransientFailure(`HTTP ${status}`, { kind: 'status', retryAfterMs });
  }
  return refusal(status, headers, asked.file, asked.connection.token !== undefined);
}

// A body that was begun is cancelled by its reader.
async function discard(response: Response): Promise<void> {
  if (response.body !== null && !response.body.locked) await response.body.cancel();
}

// Seconds or a date: https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
function parseRetryAfter(value: string | null): number | undefined {
  if (value === null) return undefined;
  const ms = /^\d+$/.test(value.trim()) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isFinite(ms) ? Math.max(ms, 0) : undefined;
}

interface StallGuard {
  readonly signal: AbortSignal;
  during<T>(work: Promise<T>): Promise<T>;
}

/** Ends a request that goes without news for `stallMs`, and turns fetch's errors into ours. */
function stallGuard({ timing, signal }: HubConnection): StallGuard {
  const stalled = new AbortController();
  return {
    signal: signal ? AbortSignal.any([signal, stalled.signal]) : stalled.signal,
    async during(work) {
      const timer = setTimeout(() => stalled.abort(), timing.stallMs);
      try {
        return await work;
      } catch (error) {
        signal?.throwIfAborted();
        const message = stalled.signal.aborted
          ? `no bytes for ${timing.stallMs / 1000} s`
          : describeNetworkError(error);
        throw new TransientFailure(message, { cause: error });
      } finally {
        clearTimeout(timer);
      }
    },
  };
}

async function* readBody(response: Response, guard: StallGuard): AsyncGenerator<Uint8Array, void> {
  const reader = response.body?.getReader();
  if (reader === undefined) return;
  try {
    for (;;) {
      const { done, value } = await guard.during(reader.read());
      if (done) return;
      yield value;
    }
  } finally {
    // Cancelling a stream that has already failed repeats its error, which has been thrown above.
    await reader.cancel().catch(() => undefined);
  }
}
