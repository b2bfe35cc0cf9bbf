import { cropPath } from './crop.js';

const ADDRESS = /^(?:https?|s3):\/\//i;
const WEB = /^https?:\/\//i;

/** Returns whether an input is the address of an object on a server, and no path. */
export const isAddress = (name: string): boolean => ADDRESS.test(name);

/** Returns a URL without its query and fragment; any other name unchanged. */
export const withoutQuery = (name: string): string => (WEB.test(name) ? name.replace(/[?#].*$/s, '') : name);

/**
 * Returns the address of a path relative to another address, which names a folder.
 *
 * @param path with a slash at its beginning, it starts at the root of the server; it may have a crop
 */
export function withinAddress(folder: string, path: string): string {
  const name = WEB.test(folder) ? encodedPath(path) : path;
  const { origin, below } = partsOf(folder);
  return name.startsWith('/') ? `${origin}${name}` : `${origin}${below.replace(/\/+$/, '')}/${name}`;
}

/** Encodes what would end the path of a URL, except for a crop. */
function encodedPath(given: string): string {
  const { path = given, fragment = '' } = cropPath(given) ?? {};
  return path.replaceAll('?', '%3F').replaceAll('#', '%23') + fragment;
}

/** Returns the folder that an address is in. */
export function folderOfAddress(address: string): string {
  const { origin, below } = partsOf(address);
  return `${origin}${below.replace(/\/[^/]*$/, '')}`;
}

/** Splits an address before its path, and drops a query. The user name and password are part of the origin. */
function partsOf(address: string): { readonly origin: string; readonly below: string } {
  const [, origin = '', below = ''] = /^([a-z0-9]+:\/+[^/]*)(.*)$/is.exec(withoutQuery(address)) ?? [];
  return { origin, below };
}

// A URL may have several slashes, or backslashes, before its user name: https:///me:secret@host.
const USER = /^(https?:[/\\]+)[^/\\?#]*@/i;

// Of an address that is not read, but may be in a list.
const OTHER_USER = /^([a-z][a-z0-9+.-]*:\/\/)[^/\\?#]*@/i;

/** Parameters that are credentials by themselves. */
const SECRET =
  /^(?:x-(?:amz|goog|oss|cos|obs)-.*|.*(?:signature|secret|password|passwd|credential).*|(?:.*[-_])?(?:token|jwt|api[-_]?key|hmac)|sig|apikey|awsaccesskeyid|googleaccessid|ossaccesskeyid|key-pair-id|hdnea|hdnts|__gda__)$/i;

/** Parameters that only say how to check a signature, and change with it. */
const BESIDE_SIGNATURE =
  /^(?:expires|policy|key-pair-id|date|s[epvrt]|spr|sip|ss|srt|sdd|ske|sko?id|skt(?:id)?|sk[sv]|saoid|suoid|scid)$/i;

/**
 * Returns an address as ids, messages and outputs show it: without a user name and password, a signature or another credential in its
 * query, and a fragment other than a crop, which is not sent. Paths are unchanged.
 */
export function shownAddress(name: string): string {
  if (!WEB.test(name)) return name.replace(OTHER_USER, '$1');
  const { fragment = '' } = cropPath(name) ?? {};
  return shownObject(name) + fragment;
}

function shownObject(url: string): string {
  const [, address = '', query] = /^([^?#]*)(?:\?([^#]*))?/s.exec(url) ?? [];
  const shown = address.replace(USER, '$1');
  if (query === undefined) return shown;
  const parameters = query.split('&');
  const isSigned = parameters.some((one) => SECRET.test(nameOf(one)));
  const kept = parameters.filter(
    (one) => !SECRET.test(nameOf(one)) && !(isSigned && BESIDE_SIGNATURE.test(nameOf(one))),
  );
  return kept.length === 0 ? shown : `${shown}?${kept.join('&')}`;
}

function nameOf(parameter: string): string {
  const [name = ''] = parameter.split('=');
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
