import { type FileIdentity, isSameIdentity } from '../file-identity.js';
import { TransientFailure } from '../http/transient-failure.js';
import { ImageRefusal } from '../refusal.js';
import type { HttpAddress } from './http-address.js';
import type { HttpClient, ObjectResponse } from './http-client.js';
import { contentLength, contentRange, digest, identityIn, strongEtag } from './http-identity.js';
import type { Patience } from './patience.js';
import type { ObjectRanges } from './store.js';

const HEAD = 64 * 2 ** 10; // bytes of the first request, which tells size and version
const MOST_HELD = 32 * 2 ** 20; // bytes of an object that is held in memory, because its server sends no ranges

/**
 * Opens an object for reading at any place, by requests of ranges. Each is of the version that the first one found.
 *
 * @throws ImageRefusal read_failed if its server sends no ranges, and it is too large to hold
 */
export async function openHttpRanges(client: HttpClient, address: HttpAddress): Promise<ObjectRanges> {
  return client.attempts.run(async (patience) => {
    const headers = { range: `bytes=0-${HEAD - 1}` };
    const response = await client.request({ ...address, method: 'GET', headers }, patience);
    try {
      return await rangesOf(response, client, address);
    } finally {
      await response.discard().catch(() => {});
    }
  });
}

async function rangesOf(
  response: ObjectResponse,
  client: HttpClient,
  address: HttpAddress,
): Promise<ObjectRanges> {
  const { status, headers } = response;
  const range = contentRange(headers);
  if (status === 416 && range?.total === 0) return heldRanges(Buffer.alloc(0), headers);
  if (status === 200) return heldRanges(await wholeBody(response), headers);
  if (status !== 206 || range?.start !== 0 || range.total === undefined) throw noRanges();
  const { total } = range;
  const head = await bodyOf(response, Math.min(HEAD, total));
  // Without a version, the beginning of the object is what there is to compare.
  const identity = identityIn(headers, total) ?? { bytes: total, modified: digest(head) };
  const etag = strongEtag(headers);
  const pinned = { client, address, headers, total, etag };
  return {
    identity,
    read: async (position, length) => {
      const wanted = Math.max(0, Math.min(length, total - position));
      const known = Buffer.from(head.subarray(position, position + wanted));
      if (known.byteLength === wanted) return known;
      const rest = await readRange(pinned, position + known.byteLength, wanted - known.byteLength);
      return known.byteLength === 0 ? rest : Buffer.concat([known, rest]);
    },
  };
}

/** One version of an object. */
interface Pinned {
  readonly client: HttpClient;
  readonly address: HttpAddress;
  readonly headers: ObjectResponse['headers']; // of the first response
  readonly total: number; // bytes
  readonly etag: string | undefined;
}

/** Reads a range that lies in the object. What an attempt has received is not requested again. */
async function readRange(pinned: Pinned, position: number, length: number): Promise<Buffer> {
  const { client } = pinned;
  const bytes = Buffer.allocUnsafeSlow(length);
  let received = 0;
  const attempt = async (patience: Patience) => {
    const response = await requestRange(pinned, position + received, position + length - 1, patience);
    try {
      for await (const chunk of response.chunks()) {
        const rest = length - received;
        bytes.set(chunk.subarray(0, rest), received);
        received += Math.min(rest, chunk.byteLength);
        if (chunk.byteLength > rest) break;
      }
    } finally {
      await response.discard().catch(() => {});
    }
    if (received < length)
      throw new TransientFailure(`the transfer ended after ${received} of ${length} bytes`);
  };
  if (length > 0) await client.attempts.run(attempt, { progress: () => received });
  return bytes;
}

async function requestRange(
  { client, address, headers: first, total, etag }: Pinned,
  start: number,
  end: number, // inclusive
  patience: Patience,
): Promise<ObjectResponse> {
  const headers = { range: `bytes=${start}-${end}`, ...(etag !== undefined && { 'if-match': etag }) };
  const response = await client.request({ ...address, method: 'GET', headers }, patience);
  const range = contentRange(response.headers);
  const isPart = response.status === 206 && range?.start === start;
  if (isPart && range.total === total && isSameVersion(response.headers, first, total)) return response;
  await response.discard().catch(() => {});
  if (isPart || response.status === 412 || response.status === 416)
    throw new ImageRefusal('read_failed', 'the file on the server was changed during the run');
  throw new TransientFailure(`no range at byte ${start} (HTTP ${response.status})`, { kind: 'status' });
}

function isSameVersion(one: ObjectResponse['headers'], other: ObjectResponse['headers'], total: number) {
  const [a, b] = [identityIn(one, total), identityIn(other, total)];
  return a === undefined || b === undefined ? a === b : isSameIdentity(a, b);
}

/** An object that memory holds as a whole. */
function heldRanges(bytes: Buffer, headers: ObjectResponse['headers']): ObjectRanges {
  const identity: FileIdentity = identityIn(headers, bytes.byteLength) ?? {
    bytes: bytes.byteLength,
    modified: digest(bytes),
  };
  return {
    identity,
    held: bytes.byteLength,
    read: async (position, length) => Buffer.from(bytes.subarray(position, position + length)),
  };
}

async function wholeBody(response: ObjectResponse): Promise<Buffer> {
  const announced = contentLength(response.headers);
  if (announced !== undefined && announced > MOST_HELD) throw noRanges();
  const bytes = await bodyOf(response, MOST_HELD + 1);
  if (bytes.byteLength > MOST_HELD) throw noRanges();
  if (announced !== undefined && bytes.byteLength < announced)
    throw new TransientFailure(`the transfer ended after ${bytes.byteLength} of ${announced} bytes`);
  return bytes;
}

/** Reads a body up to a number of bytes. */
async function bodyOf(response: ObjectResponse, most: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.chunks()) {
    chunks.push(chunk);
    length += chunk.byteLength;
    if (length > most) break; // not before its end, so that the connection can be used again
  }
  return Buffer.concat(chunks, Math.min(length, most));
}

const noRanges = () =>
  new ImageRefusal('read_failed', 'its server does not send parts of a file; download it, and name the copy');
