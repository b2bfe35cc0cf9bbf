import type { LookupFunction } from 'node:net';
import type { Dispatcher, RequestInit, Response } from 'undici';
import { checkProxies, type Proxies } from './proxies.js';

/** A way to send requests. Call `close` after the last response. */
export interface Transport {
  readonly fetch: (url: URL, init: RequestInit) => Promise<Response>;
  readonly dispatcher: Dispatcher; // for requests that fetch would change
  readonly close: () => Promise<void>;
}

export interface TransportOptions {
  readonly lookup?: LookupFunction | undefined; // resolves the names of hosts, except those that a proxy resolves
  readonly keepAliveMs?: number | undefined; // how long a connection waits for another request, whatever its server allows
}

/**
 * Sends requests through the proxies, if any: https addresses through a tunnel, http addresses as curl does. Node's
 * own fetch does not support proxies in every version that halonet supports.
 * @throws HalonetError if a proxy's address is unusable
 */
export async function openTransport(
  proxies: Proxies,
  { lookup, keepAliveMs }: TransportOptions = {},
): Promise<Transport> {
  checkProxies(proxies);
  // Imported only for downloads: it would add noticeably to the start-up time of every command.
  const { EnvHttpProxyAgent, fetch } = await import('undici');
  const dispatcher = new EnvHttpProxyAgent({
    // Empty rather than undefined, which would make it read this process's environment again.
    httpProxy: proxies.http?.url ?? '',
    httpsProxy: proxies.https?.url ?? '',
    noProxy: proxies.except,
    proxyTunnel: false,
    ...(lookup && { connect: { lookup } }),
    ...(keepAliveMs && { keepAliveTimeout: keepAliveMs, keepAliveMaxTimeout: keepAliveMs }),
  });
  return {
    fetch: (url, init) => fetch(url, { ...init, dispatcher }),
    dispatcher,
    close: () => dispatcher.destroy(),
  };
}
