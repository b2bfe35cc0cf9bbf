import { broken } from '../failures.js';

/** A position in a file that advances with each read. */
export interface Cursor {
  readonly bytes: Uint8Array;
  readonly view: DataView; // of the same bytes
  readonly where: string;
  at: number;
}

export function openCursor(bytes: Uint8Array, where: string): Cursor {
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), where, at: 0 };
}

/** Returns the next `count` bytes as a view. @throws FormatError if fewer are left */
export function take(cursor: Cursor, count: number): Uint8Array {
  const start = skip(cursor, count);
  return cursor.bytes.subarray(start, cursor.at);
}

export function uint8(cursor: Cursor): number {
  return cursor.view.getUint8(skip(cursor, 1));
}

export function uint16(cursor: Cursor): number {
  return cursor.view.getUint16(skip(cursor, 2), true);
}

export function int32(cursor: Cursor): number {
  return cursor.view.getInt32(skip(cursor, 4), true);
}

export function uint32(cursor: Cursor): number {
  return cursor.view.getUint32(skip(cursor, 4), true);
}

/** Reads a 64-bit length or count. Beyond 2^53 it is rounded, but still exceeds any file. */
export function uint64(cursor: Cursor): number {
  return Number(cursor.view.getBigUint64(skip(cursor, 8), true));
}

export function float64BigEndian(cursor: Cursor): number {
  return cursor.view.getFloat64(skip(cursor, 8), false);
}

/** Reads the bytes up to the next line feed, and skips it. */
export function line(cursor: Cursor): Uint8Array {
  const end = cursor.bytes.indexOf(0x0a, cursor.at);
  if (end === -1)
    throw broken(cursor.where, `the line at byte ${cursor.at} has no end: the file is truncated`);
  return take(cursor, end + 1 - cursor.at).subarray(0, -1);
}

function skip(cursor: Cursor, count: number): number {
  const start = cursor.at;
  const left = cursor.bytes.byteLength - start;
  if (count > left) {
    throw broken(
      cursor.where,
      `byte ${start} starts something of ${count} bytes but ${left} are left: the file is truncated`,
    );
  }
  cursor.at = start + count;
  return start;
}
