import type { Response } from 'undici';
import { badRedirect, type HubFile } from './failures.js';

const REDIRECTS = [301, 302, 303, 307, 308];

/**
 * Where an answer of `from` sends on to; undefined where it is no redirect.
 * @throws HubError when that is missing, or nothing that can be asked over http or https
 */
export function redirectTarget({ status, headers }: Response, from: URL, file: HubFile): URL | undefined {
  if (!REDIRECTS.includes(status)) return undefined;
  const location = headers.get('location');
  if (location === null) throw badRedirect(file, `answered HTTP ${status} without a Location`);
  const target = URL.canParse(location, from.href) ? new URL(location, from) : undefined;
  if (target === undefined || !/^https?:$/.test(target.protocol)) {
    throw badRedirect(file, `was redirected to ${shown(location)}, which is no http address`);
  }
  // They would be sent to a server that only another server knows. fetch refuses them too, in an error that shows them.
  if (target.username !== '' || target.password !== '') {
    throw badRedirect(
      file,
      `was redirected to ${target.origin} with a user name or password, which are not sent`,
    );
  }
  return target;
}

const SHOWN = 100; // characters of a Location

/** A Location for people, without its query, which may be a signature. */
function shown(location: string): string {
  const [address = ''] = location.split('?');
  return JSON.stringify(address.length > SHOWN ? `${address.slice(0, SHOWN)}…` : address);
}
