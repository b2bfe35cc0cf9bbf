import { createHash } from 'node:crypto';
import { FAILURE_CODES, type ImageFailure } from '../errors.js';
import { type FileIdentity, isSameIdentity } from '../file-identity.js';
import type { RowName } from '../rows.js';

/**
 * What a run records about a row besides its result. A ledger holds one 40-byte little-endian record per row, in row order:
 *
 * | bytes | |
 * | --- | --- |
 * | 0 to 7 | the first 8 bytes of the SHA-256 of the path, and of the columns that came with the item |
 * | 8 to 15 | the file's modification time in nanoseconds since 1970; 0 if unknown |
 * | 16 to 21 | the file's size in bytes |
 * | 22, 23 | 0 for a result, else 1 + the index of the failure's code in FAILURE_CODES |
 * | 24 to 31 | where the row ends in the text file |
 * | 32 to 39 | as 0 to 7, for the absolute path that it resolved to, without symbolic links |
 */
export interface LedgerRecord {
  readonly path: bigint; // as given
  readonly target: bigint; // what it resolved to
  readonly file: FileIdentity | undefined;
  readonly failure: ImageFailure['code'] | undefined;
  readonly textEnd: number; // bytes
}

export const RECORD_BYTES = 40;

/** Returns the key of a path in a ledger. */
export function pathKey(path: string): bigint {
  return createHash('sha256').update(path).digest().readBigUInt64LE();
}

/**
 * Returns the key of what the text of a row says about its item: that of its path, unless columns with values came with it. Values
 * count as CSV writes them, so an item without columns has the key of one whose columns are empty.
 */
export function nameKey({ id, columns = {} }: RowName): bigint {
  const values = Object.values(columns).map((value) => String(value ?? ''));
  return pathKey(values.some((value) => value !== '') ? JSON.stringify([id, ...values]) : id);
}

export function encodeRecord({ path, target, file, failure, textEnd }: LedgerRecord): Uint8Array {
  const record = Buffer.alloc(RECORD_BYTES);
  record.writeBigUInt64LE(path, 0);
  record.writeBigInt64LE(file?.modified ?? 0n, 8);
  record.writeUIntLE(file?.bytes ?? 0, 16, 6);
  record.writeUInt16LE(failure === undefined ? 0 : 1 + FAILURE_CODES.indexOf(failure), 22);
  record.writeBigUInt64LE(BigInt(textEnd), 24);
  record.writeBigUInt64LE(target, 32);
  return record;
}

/** @param bytes a ledger, or a part of it that begins with a whole record */
export function decodeRecord(bytes: Uint8Array, row: number): LedgerRecord {
  const record = Buffer.from(bytes.buffer, bytes.byteOffset + row * RECORD_BYTES, RECORD_BYTES);
  const modified = record.readBigInt64LE(8);
  const size = record.readUIntLE(16, 6);
  const status = record.readUInt16LE(22);
  return {
    path: record.readBigUInt64LE(0),
    target: record.readBigUInt64LE(32),
    file: modified === 0n && size === 0 ? undefined : { bytes: size, modified },
    failure: status === 0 ? undefined : (FAILURE_CODES[status - 1] ?? 'read_failed'),
    textEnd: Number(record.readBigUInt64LE(24)),
  };
}

// The identity of a file about which nothing is known; a ledger cannot tell it from an empty file of 1970.
const NOTHING: FileIdentity = { bytes: 0, modified: 0n };

/** @param bytes whole records */
export function* decodeRecords(bytes: Uint8Array): Generator<LedgerRecord> {
  for (let row = 0; row < bytes.byteLength / RECORD_BYTES; row++) yield decodeRecord(bytes, row);
}

/** Returns whether two identities of a path are equal, or both unknown. */
export function isSameFile(one: FileIdentity = NOTHING, other: FileIdentity = NOTHING): boolean {
  return isSameIdentity(one, other);
}
