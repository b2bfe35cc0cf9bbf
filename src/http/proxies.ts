import { HalonetError } from '../errors.js';

/** A proxy, and the variable that sets it, for messages. */
export interface Proxy {
  readonly variable: string; // with its actual spelling: HTTPS_PROXY or https_proxy
  readonly url: string; // may hold a password: never shown, see {@link proxiesText}
}

/** The proxies for requests. Made by {@link proxiesFromEnv}. */
export interface Proxies {
  readonly http: Proxy | undefined; // for http addresses, and for https ones if `https` is undefined
  readonly https: Proxy | undefined;
  readonly except: string; // hosts that bypass the proxy, in the form of NO_PROXY
}

/**
 * Reads HTTP_PROXY, HTTPS_PROXY and NO_PROXY; their lower-case names take precedence, as in curl. An empty variable
 * counts as unset, and an address without a scheme is an http one.
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

/** Lists the proxies for an error: `HTTPS_PROXY is http://proxy.example:3128`; undefined if there are none. */
export function proxiesText({ http, https }: Proxies): string | undefined {
  const proxies = [http, https].filter((proxy) => proxy !== undefined);
  if (proxies.length === 0) return undefined;
  return proxies.map(({ variable, url }) => `${variable} is ${withoutCredentials(url)}`).join(', ');
}

/** @throws HalonetError if a proxy's address is unusable; it does not show the address, which may hold a password */
export function checkProxies({ http, https }: Proxies): void {
  for (const proxy of [http, https]) {
    if (proxy === undefined || isUsable(proxy.url)) continue;
    throw new HalonetError(`${proxy.variable} is not the address of an http proxy`, {
      hint: 'Set it to an address like http://proxy.example:3128, or http://user:password@proxy.example:3128 with special characters percent-encoded. To use no proxy, unset it.',
    });
  }
}

function isUsable(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname, username, password } = new URL(url);
  return /^https?:$/.test(protocol) && hostname !== '' && isEncoded(username) && isEncoded(password);
}

/** Whether the percent-encoding of a text is valid UTF-8. */
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
