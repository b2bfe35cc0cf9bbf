import type { FileIdentity } from '../file-identity.js';
import { ImageRefusal } from '../refusal.js';
import { httpAddress } from './http-address.js';
import type { HttpClient } from './http-client.js';
import { HttpDownload } from './http-download.js';
import { contentLength, contentRange, identityIn } from './http-identity.js';
import { openHttpRanges } from './http-ranges.js';
import type { Store } from './store.js';

export function httpStore(client: HttpClient): Store {
  return {
    name: 'HTTP server',
    takes: (address) => /^https?:\/\//i.test(address),
    identify: (address) => identifyOn(client, address),
    async open(address) {
      const download = await HttpDownload.begin(client, httpAddress(address));
      return { identity: download.identity, read: (limit, take) => download.read(limit, take) };
    },
    openRanges: async (address) => openHttpRanges(client, httpAddress(address)),
    check: (address) => client.check(httpAddress(address).url),
  };
}

const REFUSED: readonly string[] = ['permission', 'read_failed'];

/** Asks for the identity of an object: by HEAD, or if the server refuses that, as signed URLs do, by a GET of its first byte. */
async function identifyOn(client: HttpClient, address: string): Promise<FileIdentity | undefined> {
  try {
    return await headOf(client, address, 'HEAD').catch((error: unknown) => {
      if (!(error instanceof ImageRefusal) || !REFUSED.includes(error.failure.code)) throw error;
      return headOf(client, address, 'GET');
    });
  } catch (error) {
    if (error instanceof ImageRefusal) return undefined;
    throw error;
  }
}

async function headOf(
  client: HttpClient,
  address: string,
  method: 'HEAD' | 'GET',
): Promise<FileIdentity | undefined> {
  const headers: Record<string, string> = method === 'GET' ? { range: 'bytes=0-0' } : {};
  const request = { ...httpAddress(address), method, headers };
  const {
    status,
    headers: answered,
    discard,
  } = await client.attempts.run((patience) => client.request(request, patience));
  await discard();
  const bytes = status === 200 ? contentLength(answered) : contentRange(answered)?.total;
  return identityIn(answered, bytes);
}
