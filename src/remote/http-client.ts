import type { Headers, Response } from 'undici';
import { MAX_REDIRECTS, redirectTarget } from '../http/redirect.js';
import { retryAfterMs } from '../http/retry-after.js';
import { discard, readBody, type StallGuard, stallGuard } from '../http/stall-guard.js';
import { isTransient, statusText, TransientFailure } from '../http/transient-failure.js';
import { openTransport, type Transport } from '../http/transport.js';
import { ImageRefusal } from '../refusal.js';
import { rethrowShortage } from '../shortage.js';
import type { Attempts } from './attempts.js';
import { forbiddenIn, Hosts } from './hosts.js';
import type { Patience } from './patience.js';
import type { RemoteSettings } from './settings.js';

/** A request for an object. */
export interface ObjectRequest {
  readonly url: URL; // without a user name and password
  readonly authorization?: string | undefined; // sent to the origin of `url` only
  readonly method: 'GET' | 'HEAD';
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** A response whose body is read in chunks. Call `discard` unless `chunks` has been read to its end. */
export interface ObjectResponse {
  readonly status: number; // 2xx, or 412 or 416
  readonly headers: Headers;
  chunks(): AsyncGenerator<Uint8Array, void>;
  discard(): Promise<void>;
}

// A list may have as many hosts as images, and open connections count as open files.
const KEEP_ALIVE_MS = 2000;

/** Makes the requests of a job. The library for them is loaded with the first one. Close it when done. */
export class HttpClient {
  readonly #settings: RemoteSettings;
  readonly #hosts: Hosts;
  readonly #pauses = new Map<string, number>(); // until when the servers of an origin ask to wait
  readonly attempts: Attempts;
  #transport: Promise<Transport> | undefined;

  constructor(settings: RemoteSettings, attempts: Attempts) {
    this.#settings = settings;
    this.attempts = attempts;
    this.#hosts = new Hosts(settings.publicHostsOnly, settings.lookup);
  }

  /** @throws ImageRefusal permission if its host must not be asked, as far as its name tells */
  check(url: URL): void {
    try {
      this.#hosts.check(url);
    } catch (error) {
      throw forbiddenIn(error) ?? error;
    }
  }

  /**
   * Makes one request and follows its redirects.
   *
   * @throws TransientFailure on a broken or stalled connection, 408, 429 and 5xx
   * @throws ImageRefusal not_found, permission, timeout, network or read_failed otherwise
   */
  async request(request: ObjectRequest, patience: Patience): Promise<ObjectResponse> {
    const { authorization, method } = request;
    const home = request.url.origin;
    let url = request.url;
    for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
      this.check(url);
      await this.#untilAllowed(url.origin);
      patience.check();
      const guard = this.#guard(patience);
      const headers: Record<string, string> = {
        ...request.headers,
        'user-agent': 'halonet',
        'accept-encoding': 'identity', // so that sizes and ranges are those of the object itself
      };
      if (authorization !== undefined && url.origin === home) headers.authorization = authorization;
      this.attempts.counted.requests++;
      const response = await this.#fetch(url, { method, headers }, guard);
      let redirect: URL | undefined;
      try {
        redirect = redirectTarget(response, url, badRedirect);
        if (redirect === undefined) return this.#answer(response, url, guard);
        if (authorization !== undefined && url.protocol === 'https:' && redirect.protocol === 'http:')
          throw badRedirect('was redirected from https to http, where its password would not be safe');
      } catch (error) {
        await discard(response);
        throw error;
      }
      await discard(response);
      url = redirect;
    }
    throw badRedirect(`was redirected more than ${MAX_REDIRECTS} times`);
  }

  /** Closes all connections. */
  async close(): Promise<void> {
    const transport = this.#transport;
    this.#transport = undefined;
    await transport?.then(
      ({ close }) => close(),
      () => {},
    );
  }

  async #fetch(
    url: URL,
    init: { readonly method: string; readonly headers: Readonly<Record<string, string>> },
    guard: StallGuard,
  ): Promise<Response> {
    this.attempts.signal.throwIfAborted();
    const { lookup } = this.#hosts;
    this.#transport ??= openTransport(this.#settings.proxies, { lookup, keepAliveMs: KEEP_ALIVE_MS });
    const { fetch } = await this.#transport;
    try {
      return await guard.during(fetch(url, { ...init, redirect: 'manual', signal: guard.signal }));
    } catch (error) {
      for (let level = error; level instanceof Error; level = level.cause) rethrowShortage(level);
      throw forbiddenIn(error) ?? error;
    }
  }

  #answer(response: Response, { origin }: URL, guard: StallGuard): ObjectResponse {
    const { status, headers } = response;
    if (isTransient(status)) {
      const asked = retryAfterMs(headers);
      if (asked !== undefined) this.#pauses.set(origin, Date.now() + asked);
      throw new TransientFailure(statusText(status), { kind: 'status', retryAfterMs: asked });
    }
    const isUsable = (status >= 200 && status < 300) || status === 412 || status === 416;
    if (!isUsable) throw statusRefusal(status);
    const { counted } = this.attempts;
    return {
      status,
      headers,
      async *chunks() {
        for await (const chunk of readBody(response, guard)) {
          counted.bytes += chunk.byteLength;
          yield chunk;
        }
      },
      discard: () => discard(response),
    };
  }

  /** Waits as long as the servers of an origin have asked any request to. */
  async #untilAllowed(origin: string): Promise<void> {
    const until = this.#pauses.get(origin);
    if (until === undefined) return;
    this.#pauses.delete(origin);
    const ms = until - Date.now();
    if (ms <= 0 || ms > LONGEST_PAUSE_MS) return; // after a longer one, each request gets its own answer
    this.#pauses.set(origin, until);
    const { timing, signal } = this.attempts;
    await timing.wait(ms, signal);
  }

  #guard(patience: Patience): StallGuard {
    const { timing, signal } = this.attempts;
    const { stallMs } = timing;
    const guard = stallGuard({
      signal,
      timing: {
        get stallMs() {
          return Math.min(stallMs, patience.left);
        },
      },
      proxyRefusal: (status) => new ImageRefusal('network', `the proxy answered HTTP ${status}`),
    });
    return { signal: guard.signal, during: (work) => patience.during(guard.during(work)) };
  }
}

const LONGEST_PAUSE_MS = 5 * 60_000;

const REASONS: Readonly<Record<number, readonly [ImageRefusal['failure']['code'], string]>> = {
  401: ['permission', ' (it needs a user name and password)'],
  403: ['permission', ' (forbidden)'],
  404: ['not_found', ' (not found)'],
  407: ['network', ' (the proxy needs a user name and password)'],
  410: ['not_found', ' (gone)'],
};

function statusRefusal(status: number): ImageRefusal {
  const [code, reason] = REASONS[status] ?? ['read_failed', ''];
  return new ImageRefusal(code, `the server answered HTTP ${status}${reason}`);
}

const badRedirect = (what: string) => new ImageRefusal('read_failed', `the address ${what}`);
