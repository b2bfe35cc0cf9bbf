import { crc32, inflateRawSync } from 'node:zlib';
import { FormatError } from '../../errors.js';
import type { ReadAt } from '../read-at.js';
import { type ZipMember, zipMembers } from '../zip.js';
import { broken, quote, unsuitable } from './failures.js';

// https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, section 4.3.7
const LOCAL_HEADER = { signature: 0x04034b50, bytes: 30 };
const STORED = 0;
const DEFLATED = 8;

const FREE_INFLATED = 64 * 1024 * 1024; // bytes, regardless of the size of the file
const INFLATED_PER_FILE = 8; // weights barely compress

/** The files of a zip, read on demand. */
export interface Zip {
  readonly names: readonly string[]; // in the order of the directory
  /**
   * Returns the content of a file: a view of the zip if stored, else inflated at each call.
   *
   * @throws FormatError if there is no such file, its CRC-32 differs, or its inflated size is not the declared one
   */
  readonly read: (name: string) => Uint8Array;
}

interface Place {
  readonly member: ZipMember;
  readonly begin: number; // of the compressed bytes
  readonly end: number; // exclusive
}

/** Whether a file starts like a non-empty zip. */
export function isZip(head: Uint8Array): boolean {
  return head.byteLength >= 4 && Buffer.from(head.subarray(0, 4)).readUInt32LE() === LOCAL_HEADER.signature;
}

/**
 * Opens a zip in memory. Its files must lie within it, not overlap, and have distinct names.
 *
 * Deflated files may inflate to eight times the size of the zip in total, and none beyond the size in the
 * directory. (torch.save stores files; tools that repack checkpoints deflate them.)
 *
 * @throws FormatError if the zip is truncated, entries overlap, or one is encrypted or uses another compression
 *   method
 */
export async function openZip(file: Uint8Array, where: string): Promise<Zip> {
  const members = await readMembers(file, where);
  const places = members.map((member) => locate(file, member, where));
  checkApart(places, where);
  checkInflated(members, file.byteLength, where);
  const byName = new Map(places.map((place) => [place.member.name, place]));
  if (byName.size !== places.length) throw broken(where, 'its zip has two files of the same name');
  return {
    names: members.map(({ name }) => name),
    read: (name) => {
      const place = byName.get(name);
      if (place === undefined) throw broken(where, `its zip has no file ${quote(name)}`);
      return readPlace(file, place, where);
    },
  };
}

async function readMembers(file: Uint8Array, where: string): Promise<readonly ZipMember[]> {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  const read: ReadAt = async (position, length) => bytes.subarray(position, position + length);
  const members: ZipMember[] = [];
  try {
    for await (const member of zipMembers(read, bytes.byteLength)) members.push(member);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    throw broken(where, `its zip directory is missing or damaged (${error.message})`, error);
  }
  return members;
}

function locate(file: Uint8Array, member: ZipMember, where: string): Place {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const { header, packed, size, method, directory } = member;
  const name = `zip entry ${quote(member.name)}`;
  if (member.isEncrypted) throw unsuitable(where, `${name} is encrypted`);
  if (method !== STORED && method !== DEFLATED) {
    throw unsuitable(
      where,
      `${name} is packed by method ${method}; readable are ${STORED} (stored) and ${DEFLATED} (deflated)`,
    );
  }
  if (method === STORED && packed !== size) {
    throw broken(where, `${name} is stored in ${packed} bytes; it declares ${size}`);
  }
  const nameAt = header + LOCAL_HEADER.bytes;
  if (nameAt > directory || view.getUint32(header, true) !== LOCAL_HEADER.signature) {
    throw broken(where, `${name} is not at byte ${header}, where it should be`);
  }
  const nameBytes = view.getUint16(header + 26, true);
  const begin = nameAt + nameBytes + view.getUint16(header + 28, true);
  const end = begin + packed;
  if (end > directory) {
    throw broken(where, `${name} ends at byte ${end}, past the directory at ${directory}`);
  }
  const localName = Buffer.from(file.buffer, file.byteOffset + nameAt, nameBytes);
  if (!localName.equals(Buffer.from(member.name))) {
    throw broken(where, `${name} has another name in its own header, ${quote(localName.toString())}`);
  }
  return { member, begin, end };
}

/** Rejects overlapping entries, with which a small zip can hold a huge one: https://www.bamsoftware.com/hacks/zipbomb/ */
function checkApart(places: readonly Place[], where: string): void {
  const sorted = [...places].sort((a, b) => a.member.header - b.member.header);
  let position = 0;
  for (const { member, end } of sorted) {
    if (member.header < position) {
      throw broken(
        where,
        `zip entry ${quote(member.name)} at byte ${member.header} overlaps the one that ends at ${position}`,
      );
    }
    position = end;
  }
}

function checkInflated(members: readonly ZipMember[], fileBytes: number, where: string): void {
  const total = members.reduce((sum, { method, size }) => sum + (method === DEFLATED ? size : 0), 0);
  const limit = Math.max(FREE_INFLATED, INFLATED_PER_FILE * fileBytes);
  if (total > limit) {
    throw broken(where, `its zip inflates to ${total} bytes; a file of ${fileBytes} bytes may have ${limit}`);
  }
}

function readPlace(file: Uint8Array, { member, begin, end }: Place, where: string): Uint8Array {
  const packed = file.subarray(begin, end);
  const content = member.method === STORED ? packed : inflate(packed, member, where);
  // PyTorch writes 0 if told not to compute the checksum (torch.serialization.set_crc32_options).
  if (member.crc32 !== 0 && crc32(content) !== member.crc32) {
    throw broken(where, `zip entry ${quote(member.name)} is damaged: its CRC-32 is not the one declared`);
  }
  return content;
}

function inflate(packed: Uint8Array, { name, size }: ZipMember, where: string): Uint8Array {
  let content: Uint8Array;
  try {
    // Stops at the first excess byte; zlib does not accept a limit of 0.
    content = inflateRawSync(packed, { maxOutputLength: Math.max(1, size) });
  } catch (cause) {
    throw broken(
      where,
      `zip entry ${quote(name)} does not inflate to the ${size} bytes that it declares`,
      cause,
    );
  }
  if (content.byteLength !== size) {
    throw broken(
      where,
      `zip entry ${quote(name)} inflates to ${content.byteLength} bytes; it declares ${size}`,
    );
  }
  return content;
}
