import { isUtf8 } from 'node:buffer';
import { crc32, inflateRaw, constants as zlib } from 'node:zlib';
import {
  type Entry,
  fromRandomAccessReaderPromise,
  getFileNameLowLevel,
  RandomAccessReader,
  type ZipFile,
} from 'yauzl';
import { FormatError, TruncatedError } from '../errors.js';
import type { ReadAt } from './read-at.js';

/** A member of a zip archive, as its central directory describes it. */
export interface ZipMember {
  readonly name: string; // it may be absolute, or contain `..`
  readonly isUtf8: boolean; // whether the name is valid UTF-8; true for one in code page 437
  readonly isFolder: boolean;
  readonly isLink: boolean; // a symbolic link of Unix, whose bytes are its target
  readonly isEncrypted: boolean;
  readonly method: number; // 0: stored, 8: deflated
  readonly crc32: number;
  readonly header: number; // where its local header begins
  readonly packed: number; // bytes in the archive
  readonly size: number; // bytes
  readonly directory: number; // where the directory begins, before which all members of a correct archive end
}

const UNIX = 3; // in the upper byte of `versionMadeBy`
const UTF8 = 0x800; // a flag: the name is in UTF-8
const FILE_TYPE = 0o170000;
const SYMLINK = 0o120000;
// One of these records follows the directory.
const END = { signature: 0x06054b50, bytes: 22 };
const END64 = { signature: 0x06064b50, bytes: 56 };

/**
 * Yields the members of a zip archive in the order of its central directory, which is read piece by piece.
 *
 * @param size of the archive in bytes
 * @throws FormatError if it is no zip archive, or its directory is damaged
 * @throws what `read` throws
 */
export async function* zipMembers(read: ReadAt, size: number): AsyncGenerator<ZipMember> {
  const options = { decodeStrings: false, validateEntrySizes: false }; // a wrong size is the failure of one member
  const zip = await fromRandomAccessReaderPromise(new Reader(read, size), size, options).catch(rethrow);
  try {
    const begin = cursorOf(zip);
    for await (const entry of zip.eachEntry()) yield memberOf(entry, begin);
    await checkEnd(zip, begin, read);
  } catch (error) {
    rethrow(error);
  } finally {
    zip.close();
  }
}

/** Reads for yauzl, which asks for places beyond the end if a directory lies. */
class Reader extends RandomAccessReader {
  readonly #read: ReadAt;
  readonly #size: number;

  constructor(read: ReadAt, size: number) {
    super();
    this.#read = read;
    this.#size = size;
  }

  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    done: (error: Error | null) => void,
  ): void {
    const fill = async () => {
      const bytes = position + length > this.#size ? Buffer.of() : await this.#read(position, length);
      if (bytes.byteLength < length) throw new TruncatedError('the archive ends within its directory');
      buffer.set(bytes, offset);
    };
    fill().then(() => done(null), done);
  }
}

/** Returns where the next entry of the directory would begin. The types of yauzl call it a boolean. */
const cursorOf = ({ readEntryCursor }: ZipFile) => readEntryCursor as unknown as number;

/** Refuses a directory of more entries or another length than it states, whose further members yauzl would leave out. */
async function checkEnd(zip: ZipFile, begin: number, read: ReadAt): Promise<void> {
  const end = cursorOf(zip);
  const record = end > zip.fileSize ? Buffer.of() : await read(end, END64.bytes);
  const stated = directoryBytes(record);
  if (stated === undefined)
    throw new FormatError(
      `the directory does not end at byte ${end}, after the ${zip.entryCount} entries that it states`,
    );
  if (stated !== end - begin)
    throw new FormatError(`the directory has ${end - begin} bytes; its end states ${stated}`);
}

/** Returns the length of the directory that the record after it states; undefined if this is no such record. */
function directoryBytes(record: Buffer): number | undefined {
  if (record.byteLength < END.bytes) return undefined;
  const signature = record.readUInt32LE();
  if (signature === END.signature) return record.readUInt32LE(12);
  const isEnd64 = signature === END64.signature && record.byteLength === END64.bytes;
  return isEnd64 ? Number(record.readBigUInt64LE(40)) : undefined;
}

function memberOf(entry: Entry, directory: number): ZipMember {
  const { fileNameRaw, extraFields, externalFileAttributes, versionMadeBy } = entry;
  const name = nameOf(entry);
  return {
    name,
    isUtf8: isExact(name, [fileNameRaw, ...extraFields.map(({ data }) => data)]),
    isFolder: name.endsWith('/'),
    isLink: versionMadeBy >> 8 === UNIX && ((externalFileAttributes >>> 16) & FILE_TYPE) === SYMLINK,
    isEncrypted: entry.isEncrypted(),
    method: entry.compressionMethod,
    crc32: entry.crc32,
    header: entry.relativeOffsetOfLocalHeader,
    packed: entry.compressedSize,
    size: entry.uncompressedSize,
    directory,
  };
}

/**
 * Decodes a name as yauzl does, in CP437 unless flagged as UTF-8. But archivers on Unix and macOS (Info-ZIP in the locale C.UTF-8)
 * write UTF-8 without the flag.
 */
function nameOf({ generalPurposeBitFlag, fileNameRaw, extraFields, versionMadeBy }: Entry): string {
  const flag = versionMadeBy >> 8 === UNIX && isUtf8(fileNameRaw) ? UTF8 : 0;
  return getFileNameLowLevel(generalPurposeBitFlag | flag, fileNameRaw, extraFields, false);
}

/** Returns whether the replacement characters of a decoded name, if any, stand in the bytes that it may have been decoded from. */
function isExact(name: string, fields: readonly Buffer[]): boolean {
  if (!name.includes('\uFFFD')) return true;
  return fields.some((bytes) => Buffer.from(bytes.map(slashed)).includes(name));
}

const slashed = (byte: number) => (byte === 0x5c ? 0x2f : byte); // as yauzl reads the names of Windows

/** yauzl throws plain errors for damaged archives. */
function rethrow(error: unknown): never {
  if (!(error instanceof Error) || error instanceof FormatError || 'code' in error) throw error;
  throw new FormatError(error.message, { cause: error });
}

const LOCAL_HEADER = { signature: 0x04034b50, bytes: 30, nameLength: 26, extraLength: 28 };
const STORED = 0;
const DEFLATED = 8;

/** Whether a member can be read. */
export const isReadable = ({ method, isEncrypted }: ZipMember): boolean =>
  !isEncrypted && (method === STORED || method === DEFLATED);

/**
 * Reads a member, whose size the caller has checked.
 *
 * @throws FormatError if its local header, a size or its CRC-32 is wrong, or the archive ends within it
 */
export async function readZipMember(read: ReadAt, member: ZipMember): Promise<Uint8Array> {
  const { size, packed } = member;
  if (packed > size + size / 8 + 1024)
    // deflate adds less
    throw new FormatError(`the directory states ${packed} bytes for a member of ${size} bytes`);
  const bytes = await read(await dataOf(read, member), packed);
  if (bytes.byteLength < packed)
    throw new TruncatedError(`the archive ends after ${bytes.byteLength} of ${packed} bytes`);
  const content = member.method === STORED ? bytes : await inflate(bytes, size);
  if (content.byteLength !== size)
    throw new FormatError(`the member has ${content.byteLength} bytes; the directory states ${size}`);
  if (crc32(content) !== member.crc32) throw new FormatError('the CRC-32 of the member is wrong');
  return content;
}

/** Reads the first bytes of a member, as far as they can be read; none if its local header is damaged. */
export async function readZipHead(read: ReadAt, member: ZipMember, length: number): Promise<Uint8Array> {
  const data = await dataOf(read, member).catch((error: unknown) => {
    if (!(error instanceof FormatError)) throw error;
  });
  if (data === undefined) return Buffer.of();
  const bytes = await read(data, Math.min(member.packed, length));
  if (member.method === STORED) return bytes;
  return (await inflate(bytes, 1032 * length).catch(() => Buffer.of())).subarray(0, length); // deflate's highest ratio
}

/** Returns where the bytes of a member begin, which only its local header tells. */
async function dataOf(read: ReadAt, { header }: ZipMember): Promise<number> {
  const local = await read(header, LOCAL_HEADER.bytes);
  if (local.byteLength < LOCAL_HEADER.bytes || local.readUInt32LE() !== LOCAL_HEADER.signature)
    throw new FormatError(`there is no member at byte ${header}`);
  const names = local.readUInt16LE(LOCAL_HEADER.nameLength) + local.readUInt16LE(LOCAL_HEADER.extraLength);
  return header + LOCAL_HEADER.bytes + names;
}

/** Inflates in a thread; stops beyond `limit` bytes. A stream that is cut off gives what it has. */
function inflate(bytes: Uint8Array, limit: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const options = { maxOutputLength: Math.max(1, limit), finishFlush: zlib.Z_SYNC_FLUSH };
    inflateRaw(bytes, options, (error, content) => {
      if (error === null) return resolve(content);
      const isLarger = (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
      reject(
        new FormatError(isLarger ? 'the member inflates beyond its size' : 'the member cannot be inflated'),
      );
    });
  });
}
