import { crc32, deflateRawSync } from 'node:zlib';

// Writers of tar and zip archives, valid or not. Whatever an entry leaves out is as a correct archive has it.

/** A header of a tar archive and the bytes behind it. */
export interface TarEntry {
  readonly name: string | Buffer;
  readonly content?: string | Buffer;
  readonly type?: string;
  readonly link?: string;
  readonly prefix?: string;
  readonly magic?: keyof typeof MAGIC;
  readonly size?: number | Buffer; // as the header states it: octal, or these bytes
  readonly map?: 'ends' | 'continues'; // of a GNU sparse member: whether blocks with more of it follow
}

const BLOCK = 512;
const MAGIC = { v7: '', ustar: 'ustar\x0000', gnu: 'ustar  \0' } as const;

/** What ends a tar archive. */
export const TAR_END = Buffer.alloc(2 * BLOCK);

/** Writes a tar archive of entries and of ready blocks. */
export const tarOf = (...parts: readonly (TarEntry | Buffer)[]): Buffer =>
  Buffer.concat([...parts.map((part) => (Buffer.isBuffer(part) ? part : tarEntry(part))), TAR_END]);

export function tarEntry(entry: TarEntry): Buffer {
  const { name, content = '', type = '0', link = '', prefix = '', magic = 'ustar', map } = entry;
  const bytes = Buffer.from(content as Buffer);
  const { size = bytes.byteLength } = entry;
  const header = Buffer.alloc(BLOCK);
  header.set(Buffer.from(name as Buffer).subarray(0, 100), 0);
  header.write('0000644\x000000000\x000000000\0', 100);
  header.set(Buffer.isBuffer(size) ? size : Buffer.from(`${size.toString(8).padStart(11, '0')}\0`), 124);
  header.write('00000000000\0', 136);
  header.write(type, 156, 'latin1');
  header.write(link.slice(0, 100), 157);
  header.write(MAGIC[magic], 257, 'latin1');
  header.write(prefix, 345);
  if (map === 'continues') header[482] = 1;
  return Buffer.concat([withChecksum(header), bytes, Buffer.alloc(-bytes.byteLength & (BLOCK - 1))]);
}

/** Sets the checksum of a header: the sum of its bytes, as numbers from 0 or from -128 on. */
export function withChecksum(header: Buffer, { signed = false } = {}): Buffer {
  header.fill(' ', 148, 156);
  const sum = header.reduce((total, byte) => total + (signed && byte > 127 ? byte - 256 : byte), 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return header;
}

/** A size in base 256, for 8 GiB and more. */
export function base256(size: bigint, first = 0x80): Buffer {
  const bytes = Buffer.alloc(12);
  bytes.writeBigInt64BE(size, 4);
  bytes[0] = first;
  return bytes;
}

/** A block that continues the map of a GNU sparse member. */
export function mapBlock(continues: boolean): Buffer {
  const block = Buffer.alloc(BLOCK, 'map');
  block[504] = continues ? 1 : 0;
  return block;
}

/** GNU headers that give the next member a long name, or a long target. */
export const longName = (name: string | Buffer): Buffer => longText('L', name);
export const longLink = (link: string): Buffer => longText('K', link);

const longText = (type: string, text: string | Buffer) => {
  const content = Buffer.concat([Buffer.from(text as Buffer), Buffer.of(0)]);
  return tarEntry({ name: '././@LongLink', type, content, magic: 'gnu' });
};

/** A PAX header for the next member, or for all later ones. */
export const pax = (values: Readonly<Record<string, string | Buffer>>, type: 'x' | 'g' = 'x'): Buffer =>
  paxOf(Buffer.concat(Object.entries(values).map(([key, value]) => paxRecord(key, value))), type);

export const paxOf = (records: string | Buffer, type: 'x' | 'g' = 'x'): Buffer =>
  tarEntry({ name: 'PaxHeaders/0', type, content: records });

function paxRecord(key: string, value: string | Buffer): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}=`), Buffer.from(value as Buffer), Buffer.from('\n')]);
  let length = rest.byteLength + 1;
  while (String(length).length + rest.byteLength > length) length++;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}

/** Yields copies of an archive with one byte changed, for each byte in several ways. */
export function* changedBytes(bytes: Buffer) {
  for (const [at, byte] of bytes.entries()) {
    for (const value of new Set([0, 0x37, byte ^ 0xff])) {
      if (value === byte) continue;
      const changed = Buffer.from(bytes);
      changed[at] = value;
      yield { what: `byte ${at} is ${value}`, at, changed };
    }
  }
}

/** A member of a zip archive. */
export interface ZipEntry {
  readonly name: string | Buffer;
  readonly content?: string | Buffer;
  readonly method?: number; // stored by default
  readonly packed?: Buffer; // the bytes in the archive
  readonly flags?: number; // UTF8 or ENCRYPTED
  readonly size?: number; // as stated
  readonly packedSize?: number; // as stated
  readonly crc32?: number; // as stated
  readonly header?: number; // where the directory says that it is
  readonly mode?: number; // of Unix
  readonly host?: number; // that it was made on: Unix by default
  readonly hasDescriptor?: boolean; // its sizes and CRC-32 follow its bytes
  readonly isZip64?: boolean;
}

export const DEFLATED = 8;
export const ENCRYPTED = 1;
export const UTF8 = 0x800;
const DESCRIPTOR = 8; // a flag
const IN_ZIP64 = 0xffffffff;

/** Writes a zip archive, with a zip64 directory on request. */
export function zipOf(entries: readonly ZipEntry[], { isZip64 = false, comment = '' } = {}): Buffer {
  const members: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const entry of entries) {
    const { local, central } = zipEntry(entry, at);
    members.push(local);
    directory.push(central);
    at += local.byteLength;
  }
  const central = Buffer.concat(directory);
  const end = { entries: entries.length, size: central.byteLength, at };
  const zip64 = isZip64 ? zip64End(end) : Buffer.of();
  return Buffer.concat([...members, central, zip64, zipEnd(end, isZip64, comment)]);
}

interface Directory {
  readonly entries: number;
  readonly size: number;
  readonly at: number;
}

function zipEnd({ entries, size, at }: Directory, isZip64: boolean, comment: string): Buffer {
  const [count, bytes, begin] = isZip64 ? [0xffff, IN_ZIP64, IN_ZIP64] : [entries, size, at];
  const fields = [u32(0x06054b50), u16(0), u16(0), u16(count), u16(count), u32(bytes), u32(begin)];
  return Buffer.concat([...fields, u16(comment.length), Buffer.from(comment)]);
}

function zip64End({ entries, size, at }: Directory): Buffer {
  const end = [u32(0x06064b50), u64(44), u16(45), u16(45), u32(0), u32(0)];
  const counts = [u64(entries), u64(entries), u64(size), u64(at)];
  return Buffer.concat([...end, ...counts, u32(0x07064b50), u32(0), u64(at + size), u32(1)]);
}

function zipEntry(entry: ZipEntry, at: number): { readonly local: Buffer; readonly central: Buffer } {
  const {
    content = '',
    method = 0,
    flags = 0,
    header = at,
    mode = 0,
    host = 3,
    hasDescriptor,
    isZip64 = false,
  } = entry;
  const name = Buffer.from(entry.name as Buffer);
  const bytes = Buffer.from(content as Buffer);
  const packed = entry.packed ?? (method === DEFLATED ? deflateRawSync(bytes) : bytes);
  const { size = bytes.byteLength, packedSize = packed.byteLength, crc32: sum = crc32(bytes) } = entry;
  const sizes = isZip64 ? [u32(IN_ZIP64), u32(IN_ZIP64)] : [u32(packedSize), u32(size)];
  const extra = (...values: number[]) => {
    if (!isZip64) return Buffer.of();
    return Buffer.concat([u16(1), u16(8 * values.length), ...values.map(u64)]);
  };
  const start = [u16(hasDescriptor ? flags | DESCRIPTOR : flags), u16(method), u32(0)];
  const [own, other] = [extra(size, packedSize), extra(size, packedSize, header)];
  const stated = hasDescriptor ? [u32(0), u32(0), u32(0)] : [u32(sum), ...sizes];
  const local = [u32(0x04034b50), u16(20), ...start, ...stated, u16(name.length), u16(own.length), name, own];
  const descriptor = hasDescriptor ? [u32(0x08074b50), u32(sum), u32(packedSize), u32(size)] : [];
  const central = [
    ...[u32(0x02014b50), u16((host << 8) | 20), u16(20), ...start, u32(sum), ...sizes],
    ...[u16(name.length), u16(other.length), u16(0), u16(0), u16(0), u32(mode * 2 ** 16)],
    ...[u32(isZip64 ? IN_ZIP64 : header), name, other],
  ];
  return { local: Buffer.concat([...local, packed, ...descriptor]), central: Buffer.concat(central) };
}

function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}
