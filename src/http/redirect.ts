import type { Response } from 'undici';

/** The most redirects that a request follows. */
export const MAX_REDIRECTS = 10;

const REDIRECTS = [301, 302, 303, 307, 308];

/**
 * Returns the target of a redirect that `from` answered with; undefined if the answer is no redirect.
 * @param refusal makes the error from what is wrong, which follows the address: `was redirected to "file:///etc/passwd", which is no
 *   http address`
 * @throws that error if the target is missing, or is not an http or https address that can be requested
 */
export function redirectTarget(
  { status, headers }: Response,
  from: URL,
  refusal: (what: string) => Error,
): URL | undefined {
  if (!REDIRECTS.includes(status)) return undefined;
  const location = headers.get('location');
  if (location === null) throw refusal(`answered HTTP ${status} without a Location`);
  const target = URL.canParse(location, from.href) ? new URL(location, from) : undefined;
  if (target === undefined || !/^https?:$/.test(target.protocol)) {
    throw refusal(`was redirected to ${shown(location)}, which is no http address`);
  }
  // Credentials would go to a server that only another server named. fetch refuses them too, but its error shows
  // them.
  if (target.username !== '' || target.password !== '') {
    throw refusal(`was redirected to ${target.origin} with a user name or password, which are not sent`);
  }
  return target;
}

const SHOWN = 100; // characters of a Location header

/** Formats a Location header for messages, without its query, which may be a signature. */
function shown(location: string): string {
  const [address = ''] = location.split('?');
  return JSON.stringify(address.length > SHOWN ? `${address.slice(0, SHOWN)}…` : address);
}
