import type { Headers, Response } from 'undici';
import { HubError } from '../errors.js';
import type { HubConnection } from './connection.js';
import {
  badRedirect,
  describeNetworkError,
  type HubFile,
  proxyAnswer,
  proxyRefusal,
  refusal,
  TransientFailure,
} from './failures.js';
import { redirectTarget } from './redirect.js';
import { retryAfterMs } from './retry-after.js';

/** A response whose body is read in chunks. Always call `discard` at the end. */
export interface HubResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly redirect: URL | undefined; // the redirect's target, if it was not followed
  chunks(): AsyncGenerator<Uint8Array, void>;
  discard(): Promise<void>;
}

const MAX_REDIRECTS = 10;

/**
 * Makes one request and follows its redirects. Sends `Authorization` only to the endpoint's own origin, and so
 * never from https to http. `redirects: 'same-origin'` returns a redirect to another origin, whose headers describe
 * the file.
 * @throws TransientFailure on a broken or stalled connection, 408, 429, 5xx, and a redirect target's 403 (its
 *   signature has expired); HubError on any other status from 400 except 416, on invalid redirects, and if a proxy
 *   refuses; `signal.reason` when aborted
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
  const { token, transport } = connection;
  const home = new URL(connection.endpoint).origin;
  const guard = stallGuard(file, connection);
  let url = new URL(file.url);
  for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
    const headers: Record<string, string> = {
      ...request.headers,
      'user-agent': 'halonet',
      'accept-encoding': 'identity', // so that sizes and ranges are those of the file itself
    };
    if (token !== undefined && url.origin === home) headers.authorization = `Bearer ${sendable(token)}`;
    const init = { method: request.method, headers, redirect: 'manual', signal: guard.signal } as const;
    const response = await guard.during(transport.fetch(url, init));
    try {
      const redirect = redirectTarget(response, url, file);
      if (redirect === undefined || (request.redirects === 'same-origin' && redirect.origin !== url.origin)) {
        if (response.status >= 400 && response.status !== 416) {
          throw statusFailure(response, { file, isHome: url.origin === home, connection });
        }
        return {
          status: response.status,
          headers: response.headers,
          redirect,
          chunks: () => readBody(response, guard),
          discard: () => discard(response),
        };
      }
      url = redirect;
    } catch (error) {
      await discard(response);
      throw error;
    }
    await discard(response);
  }
  throw badRedirect(
    file,
    `was redirected more than ${MAX_REDIRECTS} times, at last to ${url.origin}${url.pathname}`,
  );
}

// fetch would refuse it too, but its error shows the token.
function sendable(token: string): string {
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new HubError('HF_TOKEN holds characters that a token cannot have', {
    hint: 'Set HF_TOKEN to the token alone, which begins with hf_, or remove the token file.',
  });
}

function statusFailure(
  { status, headers }: Response,
  asked: { readonly file: HubFile; readonly isHome: boolean; readonly connection: HubConnection },
): Error {
  if (status === 408 || status === 429 || status >= 500 || (status === 403 && !asked.isHome)) {
    const message = `HTTP ${status}${status === 429 ? ' (too many requests)' : ''}`;
    return new TransientFailure(message, { kind: 'status', retryAfterMs: retryAfterMs(headers) });
  }
  if (status === 407) return proxyRefusal(status, asked.file, asked.connection.proxies);
  return refusal(status, headers, asked.file, asked.connection);
}

// Once reading has begun, the reader cancels the body.
async function discard(response: Response): Promise<void> {
  if (response.body !== null && !response.body.locked) await response.body.cancel();
}

interface StallGuard {
  readonly signal: AbortSignal;
  during<T>(work: Promise<T>): Promise<T>;
}

/** Aborts a request after `stallMs` without data, and converts fetch's errors to ours. */
function stallGuard(file: HubFile, { timing, signal, proxies }: HubConnection): StallGuard {
  const stalled = new AbortController();
  return {
    signal: signal ? AbortSignal.any([signal, stalled.signal]) : stalled.signal,
    async during(work) {
      const timer = setTimeout(() => stalled.abort(), timing.stallMs);
      try {
        return await work;
      } catch (error) {
        signal?.throwIfAborted();
        if (stalled.signal.aborted) {
          throw new TransientFailure(`no bytes for ${timing.stallMs / 1000} s`, { cause: error });
        }
        const status = proxyAnswer(error);
        if (status === undefined) throw new TransientFailure(describeNetworkError(error), { cause: error });
        if (status < 500) throw proxyRefusal(status, file, proxies);
        throw new TransientFailure(`the proxy answered HTTP ${status}`, { kind: 'status' });
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
    // Cancelling a failed stream repeats its error, which was thrown above.
    await reader.cancel().catch(() => undefined);
  }
}
