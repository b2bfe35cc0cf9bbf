import { broken, quote } from './failures.js';

// https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, sections 4.3.12 to 4.3.16
const ENTRY = { signature: 0x02014b50, bytes: 46 };
const END = { signature: 0x06054b50, bytes: 22 };
const END64 = { signature: 0x06064b50, bytes: 56 };
const END64_LOCATOR = { signature: 0x07064b50, bytes: 20 };
const LONGEST_COMMENT = 0xffff;
const IN_ZIP64_FIELD = 0xffffffff; // or 0xffff for the count: the value is in the zip64 record or field
const ZIP64_FIELD = 0x0001;

/** A file in a zip, as the central directory describes it, not yet checked against the rest of the file. */
export interface DirectoryEntry {
  readonly name: string;
  readonly flags: number;
  readonly method: number;
  readonly crc32: number;
  readonly packedBytes: number; // as stored
  readonly bytes: number; // once inflated
  readonly headerAt: number; // of the entry's local header
}

export interface Directory {
  readonly entries: readonly DirectoryEntry[];
  readonly begin: number; // of the directory, which follows all entries
}

/** Reads the central directory at the end of a zip, with or without zip64. @throws FormatError if it is truncated */
export function readDirectory(file: Uint8Array, where: string): Directory {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const { begin, bytes, count, limit } = findDirectory(view, where);
  if (begin + bytes > limit) {
    throw broken(
      where,
      `its zip directory, bytes ${begin} to ${begin + bytes}, runs into byte ${limit}, where it must have ended`,
    );
  }
  const entries: DirectoryEntry[] = [];
  const end = begin + bytes;
  let at = begin;
  while (at < end) {
    const { entry, length } = readEntry(view, at, end, where);
    entries.push(entry);
    at += length;
  }
  if (entries.length !== count) {
    throw broken(where, `its zip directory has ${entries.length} entries; its end declares ${count}`);
  }
  return { entries, begin };
}

interface DirectoryPlace {
  readonly begin: number;
  readonly bytes: number;
  readonly count: number;
  readonly limit: number; // where the record that describes the directory begins
}

function findDirectory(view: DataView, where: string): DirectoryPlace {
  const at = findEnd(view, where);
  const place = {
    count: view.getUint16(at + 10, true),
    bytes: view.getUint32(at + 12, true),
    begin: view.getUint32(at + 16, true),
    limit: at,
  };
  const locatorAt = at - END64_LOCATOR.bytes;
  if (locatorAt < 0 || view.getUint32(locatorAt, true) !== END64_LOCATOR.signature) return place;
  const at64 = uint64(view, locatorAt + 8);
  if (at64 + END64.bytes > locatorAt || view.getUint32(at64, true) !== END64.signature) {
    throw broken(where, `its zip64 record is not at byte ${at64}, where it should be`);
  }
  return {
    count: uint64(view, at64 + 32),
    bytes: uint64(view, at64 + 40),
    begin: uint64(view, at64 + 48),
    limit: at64,
  };
}

/** Finds the end record, which is last in the file except for a comment of declared length. */
function findEnd(view: DataView, where: string): number {
  const last = view.byteLength - END.bytes;
  for (let at = last; at >= Math.max(0, last - LONGEST_COMMENT); at--) {
    if (view.getUint32(at, true) === END.signature && view.getUint16(at + 20, true) === last - at) return at;
  }
  throw broken(where, 'its zip has no directory at the end: the file is truncated');
}

function readEntry(view: DataView, at: number, end: number, where: string) {
  if (at + ENTRY.bytes > end || view.getUint32(at, true) !== ENTRY.signature) {
    throw broken(where, `its zip directory has no entry at byte ${at}, where one should be`);
  }
  const nameBytes = view.getUint16(at + 28, true);
  const extraBytes = view.getUint16(at + 30, true);
  const commentBytes = view.getUint16(at + 32, true);
  const length = ENTRY.bytes + nameBytes + extraBytes + commentBytes;
  if (at + length > end) throw broken(where, `its zip directory ends within the entry at byte ${at}`);
  const nameAt = at + ENTRY.bytes;
  const name = decodeName(new Uint8Array(view.buffer, view.byteOffset + nameAt, nameBytes), where);
  const zip64 = zip64Values(view, nameAt + nameBytes, extraBytes);
  const take = (value: number): number => {
    if (value !== IN_ZIP64_FIELD) return value;
    const next = zip64.shift();
    if (next === undefined) throw broken(where, `zip entry ${quote(name)} lacks its zip64 sizes`);
    return next;
  };
  // In the order of the zip64 field, which holds only those of the three that do not fit in 32 bits.
  const bytes = take(view.getUint32(at + 24, true));
  const packedBytes = take(view.getUint32(at + 20, true));
  const headerAt = take(view.getUint32(at + 42, true));
  const entry: DirectoryEntry = {
    name,
    flags: view.getUint16(at + 8, true),
    method: view.getUint16(at + 10, true),
    crc32: view.getUint32(at + 16, true),
    packedBytes,
    bytes,
    headerAt,
  };
  return { entry, length };
}

/** Decodes UTF-8; PyTorch writes ASCII. */
function decodeName(bytes: Uint8Array, where: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw broken(where, 'a name in its zip directory is not UTF-8', cause);
  }
}

/** Returns the 64-bit values of an entry's zip64 field; none if it has no such field. */
function zip64Values(view: DataView, begin: number, bytes: number): number[] {
  const end = begin + bytes;
  for (let at = begin; at + 4 <= end; ) {
    const fieldEnd = at + 4 + view.getUint16(at + 2, true);
    if (view.getUint16(at, true) === ZIP64_FIELD && fieldEnd <= end) {
      const count = Math.floor((fieldEnd - at - 4) / 8);
      return Array.from({ length: count }, (_, i) => uint64(view, at + 4 + 8 * i));
    }
    at = fieldEnd;
  }
  return [];
}

/** Beyond 2^53 it is rounded, but still exceeds any file. */
function uint64(view: DataView, at: number): number {
  return Number(view.getBigUint64(at, true));
}
