import type { RequestInit, Response } from 'undici';
import { checkProxies, type Proxies } from './proxies.js';

/** How requests leave this machine. Call `close` when the last of them is answered. */
export interface Transport {
  readonly fetch: (url: URL, init: RequestInit) => Promise<Response>;
  readonly close: () => Promise<void>;
}

/**
 * Requests through the proxies, where there are any: https addresses through a tunnel, http addresses as curl asks
 * for them. Node's own fetch takes no proxies in all the versions that are supported.
 * @throws HubError when a proxy's address cannot be used
 */
export async function openTransport(proxies: Proxies): Promise<Transport> {
  checkProxies(proxies);
  // Loaded for a download alone: it would be a good part of the time that a command takes to start.
  const { EnvHttpProxyAgent, fetch } = await import('undici');
  const dispatcher = new EnvHttpProxyAgent({
    // Empty rather than left out, which would read this process's environment again.
    httpProxy: proxies.http?.url ?? '',
    httpsProxy: proxies.https?.url ?? '',
    noProxy: proxies.except,
    proxyTunnel: false,
  });
  return {
    fetch: (url, init) => fetch(url, { ...init, dispatcher }),
    close: () => dispatcher.destroy(),
  };
}
