import { createHash } from 'node:crypto';
import type { Headers } from 'undici';
import type { FileIdentity } from '../file-identity.js';

/** What is stored of an object whose server tells nothing about its version. */
export const UNKNOWN: FileIdentity = { bytes: 0, modified: 0n };

/**
 * Returns the identity of an object by the headers of a response: its size, and a digest of its ETag, or else of its date.
 *
 * @param bytes of the whole object; undefined if unknown
 * @returns undefined if the server tells neither
 */
export function identityIn(headers: Headers, bytes: number | undefined): FileIdentity | undefined {
  const version = headers.get('etag') ?? headers.get('last-modified');
  return version === null ? undefined : { bytes: bytes ?? 0, modified: digest(version) };
}

/** Returns the first 64 bits of a SHA-256 as a signed number. */
export const digest = (data: string | Uint8Array): bigint =>
  createHash('sha256').update(data).digest().readBigInt64LE();

/** Returns an ETag that promises the same bytes; undefined if there is none. */
export function strongEtag(headers: Headers): string | undefined {
  const etag = headers.get('etag');
  return etag !== null && /^"[^"]*"$/.test(etag) ? etag : undefined;
}

/** Returns the size that a response states for its body; undefined if it states none, or the body is encoded. */
export function contentLength(headers: Headers): number | undefined {
  const length = headers.get('content-length');
  if (length === null || isEncoded(headers)) return undefined;
  return /^\d{1,15}$/.test(length) ? Number(length) : undefined;
}

/** Returns whether a body is compressed, although halonet asks for none that is: its offsets are then not those of the object. */
export const isEncoded = (headers: Headers): boolean =>
  !/^(identity)?$/i.test(headers.get('content-encoding')?.trim() ?? '');

/** What a Content-Range states; undefined if it is missing or wrong. */
export interface ContentRange {
  readonly start: number | undefined; // undefined: none of it can be sent
  readonly total: number | undefined;
}

export function contentRange(headers: Headers): ContentRange | undefined {
  const [, start, total] =
    /^bytes (?:(\d{1,15})-\d{1,15}|\*)\/(\d{1,15}|\*)$/.exec(headers.get('content-range') ?? '') ?? [];
  if (total === undefined) return undefined;
  return {
    start: start === undefined ? undefined : Number(start),
    total: total === '*' ? undefined : Number(total),
  };
}
