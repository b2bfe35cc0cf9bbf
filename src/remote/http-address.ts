import { ImageRefusal } from '../refusal.js';

/** Where to request an object. */
export interface HttpAddress {
  readonly url: URL; // without a user name and password
  readonly authorization: string | undefined;
}

/**
 * Reads a URL. Its user name and password become an Authorization header.
 *
 * @throws ImageRefusal invalid_name if it is no URL
 */
export function httpAddress(address: string): HttpAddress {
  if (!URL.canParse(address)) throw new ImageRefusal('invalid_name', 'not a valid URL');
  const url = new URL(address);
  const { username, password } = url;
  url.username = '';
  url.password = '';
  url.hash = '';
  if (username === '' && password === '') return { url, authorization: undefined };
  const user = Buffer.from(`${decoded(username)}:${decoded(password)}`).toString('base64');
  return { url, authorization: `Basic ${user}` };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
