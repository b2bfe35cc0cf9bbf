import { HubError } from '../errors.js';

/** A proxy, and the variable that names it, for messages. */
export interface Proxy {
  readonly variable: string; // as it is spelled: HTTPS_PROXY or https_proxy
  readonly url: string; // may hold a password: never shown, see {@link proxiesText}
}

/** The proxies that requests go through. Made by {@link proxiesFromEnv}. */
export interface Proxies {
  readonly http: Proxy | undefined; // for http addresses, and for https ones where `https` is undefined
  readonly https: Proxy | undefined;
  readonly except: string; // hosts to reach without a proxy, in the form of NO_PROXY
}

/**
 * Reads HTTP_PROXY, HTTPS_PROXY and NO_PROXY, whose lower-case names come first, as in curl. An empty variable counts
 * as unset, and an address without a scheme is one of http.
 */
export function proxiesFromEnv(env: Readonly<Record<string, string | undefined>>): Proxies {
  const proxy = (lower: string): Proxy | undefined => {
    const variable = [lower, lower.toUpperCase()].find((name) => env[name]);
    const value = variable === undefined ? undefined : env[variable]?.trim();
    if (variable === undefined || !value) return undefined;
    return { variable, url: value.includes('://') ? value : `http://${value}` };
  };
  return {
    http: proxy('http_proxy'),
    https: proxy('https_proxy'),
    except: env.no_proxy || env.NO_PROXY || '',
  };
}

/** The proxies that are set, for an error: `HTTPS_PROXY is http://proxy.example:3128`; undefined for none. */
export function proxiesText({ http, https }: Proxies): string | undefined {
  const proxies = [http, https].filter((proxy) => proxy !== undefined);
  if (proxies.length === 0) return undefined;
  return proxies.map(({ variable, url }) => `${variable} is ${withoutCredentials(url)}`).join(', ');
}

/** @throws HubError when a proxy's address cannot be used, without showing it: it may hold a password */
export function checkProxies({ http, https }: Proxies): void {
  for (const proxy of [http, https]) {
    if (proxy === undefined || isUsable(proxy.url)) continue;
    throw new HubError(`${proxy.variable} is not the address of an http proxy`, {
      hint: `Set it to an address like http://proxy.example:3128, or http://user:password@proxy.example:3128 with special characters percent-encoded; unset it to do without a proxy.`,
    });
  }
}

function isUsable(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname, username, password } = new URL(url);
  return /^https?:$/.test(protocol) && hostname !== '' && isEncoded(username) && isEncoded(password);
}

/** Whether the percent signs of a text stand for UTF-8. */
function isEncoded(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

function withoutCredentials(url: string): string {
  const { protocol, host } = new URL(url);
  return `${protocol}//${host}`;
}
