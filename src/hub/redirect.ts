import type { Response } from 'undici';
import { badRedirect, type HubFile } from './failures.js';

const REDIRECTS = [301, 302, 303, 307, 308];

/**
 * Returns the target of a redirect that `from` answered with; undefined if the answer is no redirect.
 * @throws HubError if the target is missing, or is not an http or https address that can be requested
 */
export function redirectTarget({ status, headers }: Response, from: URL, file: HubFile): URL | undefined {
  if (!REDIRECTS.includes(status)) return undefined;
  const location = headers.get('location');
  if (location === null) throw badRedirect(file, `answered HTTP ${status} without a Location`);
  const target = URL.canParse(location, from.href) ? new URL(location, from) : undefined;
  if (target === undefined || !/^https?:$/.test(target.protocol)) {
    throw badRedirect(file, `was redirected to ${shown(location)}, which is no http address`);
  }
  // Credentials would go to a server that only another server named. fetch refuses them too, but its error shows
  // them.
  if (target.username !== '' || target.password !== '') {
    throw badRedirect(
      file,
      `was redirected to ${target.origin} with a user name or password, which are not sent`,
    );
  }
  return target;
}

const SHOWN = 100; // characters of a Location header

/** Formats a Location header for messages, without its query, which may be a signature. */
function shown(location: string): string {
  const [address = ''] = location.split('?');
  return JSON.stringify(address.length > SHOWN ? `${address.slice(0, SHOWN)}…` : address);
}
