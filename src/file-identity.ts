import type { BigIntStats } from 'node:fs';

/** What tells whether a file is still the one that was read, as a ledger can hold it. */
export interface FileIdentity {
  readonly bytes: number; // of a larger file 2^48 - 1
  readonly modified: bigint; // nanoseconds since 1970, of which the lower 64 bits: a date after 2262 is another one
}

const MOST_BYTES = 2 ** 48 - 1;

/** The identity of a file, by its status: `stat(path, { bigint: true })`. */
export function fileIdentity({ size, mtimeNs }: Pick<BigIntStats, 'size' | 'mtimeNs'>): FileIdentity {
  return { bytes: Math.min(Number(size), MOST_BYTES), modified: BigInt.asIntN(64, mtimeNs) };
}
