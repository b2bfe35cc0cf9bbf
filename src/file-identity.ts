import type { BigIntStats } from 'node:fs';

/** What shows whether a file has changed since it was read, in the form that a ledger stores. */
export interface FileIdentity {
  readonly bytes: number; // 2^48 - 1 for larger files
  readonly modified: bigint; // nanoseconds since 1970, the lower 64 bits as a signed number: dates after 2262 wrap around
}

/** Returns whether a file is still the same. */
export const isSameIdentity = (one: FileIdentity, other: FileIdentity): boolean =>
  one.bytes === other.bytes && one.modified === other.modified;

const MAX_BYTES = 2 ** 48 - 1;

/** Returns the identity of a file from its status: `stat(path, { bigint: true })`. */
export function fileIdentity({ size, mtimeNs }: Pick<BigIntStats, 'size' | 'mtimeNs'>): FileIdentity {
  return { bytes: Math.min(Number(size), MAX_BYTES), modified: BigInt.asIntN(64, mtimeNs) };
}
