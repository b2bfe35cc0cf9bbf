import type { Headers, Response } from 'undici';
import { HubError } from '../errors.js';
import { MAX_REDIRECTS, redirectTarget } from '../http/redirect.js';
import { retryAfterMs } from '../http/retry-after.js';
import { discard, readBody, stallGuard } from '../http/stall-guard.js';
import { isTransient, statusText, TransientFailure } from '../http/transient-failure.js';
import type { HubConnection } from './connection.js';
import { badRedirect, type HubFile, proxyRefusal, refusal } from './failures.js';

/** A response whose body is read in chunks. Always call `discard` at the end. */
export interface HubResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly redirect: URL | undefined; // the redirect's target, if it was not followed
  chunks(): AsyncGenerator<Uint8Array, void>;
  discard(): Promise<void>;
}

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
  const { token, transport, timing, signal, proxies } = connection;
  const home = new URL(connection.endpoint).origin;
  const guard = stallGuard({
    timing,
    signal,
    proxyRefusal: (status) => proxyRefusal(status, file, proxies),
  });
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
      const redirect = redirectTarget(response, url, (what) => badRedirect(file, what));
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
  if (isTransient(status) || (status === 403 && !asked.isHome)) {
    return new TransientFailure(statusText(status), { kind: 'status', retryAfterMs: retryAfterMs(headers) });
  }
  if (status === 407) return proxyRefusal(status, asked.file, asked.connection.proxies);
  return refusal(status, headers, asked.file, asked.connection);
}
