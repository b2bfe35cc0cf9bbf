import { FormatError, TruncatedError } from '../errors.js';
import type { ReadAt } from './read-at.js';

/** A member of a tar archive. */
export interface TarMember {
  readonly name: string; // as stored: it may be absolute, or contain `..`
  readonly isUtf8: boolean; // whether the name is valid UTF-8
  readonly kind: 'file' | 'folder' | 'link' | 'sparse' | 'other';
  readonly link: string; // what a link leads to; '' for other kinds
  readonly header: number; // where its headers begin
  readonly offset: number; // where its bytes begin
  readonly size: number; // bytes
}

const BLOCK = 512; // bytes
const LF = 0x0a;
const MAX_HEADERS = 2 ** 20; // bytes of one member's headers: its name, and attributes that nobody needs here

// https://www.gnu.org/software/tar/manual/html_node/Standard.html and pax in POSIX.1-2017
const NAME = [0, 100] as const;
const SIZE = [124, 136] as const;
const CHECKSUM = [148, 156] as const;
const TYPE = 156;
const LINK = [157, 257] as const;
const MAGIC = [257, 262] as const;
const PREFIX = [345, 500] as const;
const SPARSE_CONTINUES = 482; // in a GNU sparse header: whether blocks with more of its map follow
const MAP_CONTINUES = 504; // the same in such a block

/** The values that headers before a member's own one set. */
interface Extension {
  readonly path?: Buffer | undefined;
  readonly linkpath?: Buffer | undefined;
  readonly size?: number | undefined;
  readonly isSparse?: boolean | undefined;
}

/**
 * Yields the members of a tar archive (v7, ustar, GNU, PAX) in order. Reads headers only, and skips the bytes of members. Like GNU
 * tar, it ends at the first block of zeros, or where the file ends.
 *
 * @param at where to begin: 0, or the `header` of a member
 * @throws FormatError if there is no valid header where a member would begin
 * @throws TruncatedError if the archive ends within a header or a member
 */
export async function* tarMembers(read: ReadAt, at = 0): AsyncGenerator<TarMember> {
  let shared: Extension = {}; // of PAX headers for all later members
  let own: Extension = {}; // for the next member
  let header = at;
  let last: TarMember | undefined;
  for (let position = at; ; ) {
    const block = await read(position, BLOCK);
    if (block.byteLength === 0 && last !== undefined) await expectBytes(read, last);
    if (position === header && (block.byteLength === 0 || isZero(block))) return;
    expectHeader(block, position, header);
    const type = String.fromCharCode(block[TYPE] ?? 0);
    const data = position + BLOCK;
    const size = numberIn(block, SIZE, position);
    if ('xgLK'.includes(type)) {
      const extension = extensionOf(type, await readExtension(read, data, size, header), position);
      if (type === 'g') shared = { ...shared, ...extension };
      else own = { ...own, ...extension };
      position = data + padded(size);
      continue;
    }
    const member = memberOf(block, { ...shared, ...own }, { header, data, size });
    const offset = type === 'S' ? await endOfMap(read, block, { header, data }) : data;
    last = { ...member, offset };
    yield last;
    own = {};
    header = position = offset + padded(member.size);
  }
}

/** @throws FormatError unless a block is a header: its checksum, of signed or unsigned bytes, is right */
function expectHeader(block: Buffer, at: number, header: number): void {
  if (block.byteLength < BLOCK)
    throw new TruncatedError(`the archive ends within the header at byte ${header}`);
  let [unsigned, signed] = [0, 0];
  for (let i = 0; i < BLOCK; i++) {
    const byte = i >= CHECKSUM[0] && i < CHECKSUM[1] ? 0x20 : (block[i] as number);
    unsigned += byte;
    signed += byte < 0x80 ? byte : byte - 0x100;
  }
  const stated = octal(textIn(block, CHECKSUM).toString('latin1'));
  if (stated !== unsigned && stated !== signed) throw new FormatError(`there is no tar header at byte ${at}`);
}

/** @throws TruncatedError if the archive ends within a member; only the padding after its bytes may be missing */
async function expectBytes(read: ReadAt, { header, offset, size }: TarMember): Promise<void> {
  if (size > 0 && (await read(offset + size - 1, 1)).byteLength === 0)
    throw new TruncatedError(`the archive ends within the member at byte ${header}`);
}

async function readExtension(read: ReadAt, at: number, size: number, header: number): Promise<Buffer> {
  if (at + size - header > MAX_HEADERS)
    throw new FormatError(`the headers at byte ${header} have more than ${MAX_HEADERS} bytes`);
  const bytes = await read(at, size);
  if (bytes.byteLength < size)
    throw new TruncatedError(`the archive ends within the header at byte ${header}`);
  return bytes;
}

function extensionOf(type: string, bytes: Buffer, at: number): Extension {
  if (type === 'L') return { path: textIn(bytes, [0, bytes.byteLength]) };
  if (type === 'K') return { linkpath: textIn(bytes, [0, bytes.byteLength]) };
  const values = paxRecords(bytes, at);
  const size = values.get('size')?.toString('latin1');
  return {
    ...(values.has('path') && { path: values.get('path') }),
    ...(values.has('linkpath') && { linkpath: values.get('linkpath') }),
    ...(values.has('size') && { size: size === undefined ? undefined : sizeOf(decimal(size), at) }),
    ...([...values.keys()].some((key) => key.startsWith('GNU.sparse.')) && {
      isSparse: true,
      ...(values.get('GNU.sparse.name') !== undefined && { path: values.get('GNU.sparse.name') }),
    }),
  };
}

/** Parses PAX records, each `LENGTH KEY=VALUE` and a line feed. An empty value removes the key: the member's own header counts. */
function paxRecords(bytes: Buffer, at: number): ReadonlyMap<string, Buffer | undefined> {
  const values = new Map<string, Buffer | undefined>();
  for (let from = 0; from < bytes.byteLength; ) {
    const space = bytes.indexOf(0x20, from);
    const end = from + (space === -1 ? Number.NaN : decimal(bytes.toString('latin1', from, space)));
    const equals = bytes.indexOf(0x3d, space);
    if (bytes[end - 1] !== LF || equals === -1 || equals >= end - 1)
      throw new FormatError(`the PAX header at byte ${at} is damaged`);
    const value = bytes.subarray(equals + 1, end - 1);
    values.set(bytes.toString('utf8', space + 1, equals), value.byteLength === 0 ? undefined : value);
    from = end;
  }
  return values;
}

function memberOf(
  block: Buffer,
  { path, linkpath, size, isSparse = false }: Extension,
  at: { readonly header: number; readonly data: number; readonly size: number },
): TarMember {
  const name = path ?? nameIn(block);
  const type = String.fromCharCode(block[TYPE] ?? 0);
  const kind = isSparse || type === 'S' ? 'sparse' : kindOf(type, name);
  const hasBytes = kind !== 'link' && kind !== 'folder'; // a hard link repeats the size of what it leads to
  return {
    name: name.toString(),
    isUtf8: Buffer.from(name.toString()).equals(name),
    kind,
    link: kind === 'link' ? (linkpath ?? textIn(block, LINK)).toString() : '',
    header: at.header,
    offset: at.data,
    size: hasBytes ? (size ?? at.size) : 0,
  };
}

function nameIn(block: Buffer): Buffer {
  const name = textIn(block, NAME);
  const isPosix = block.toString('latin1', ...MAGIC) === 'ustar' && block[MAGIC[1]] === 0; // GNU uses the prefix for times
  const prefix = isPosix ? textIn(block, PREFIX) : Buffer.of();
  return prefix.byteLength === 0 ? name : Buffer.concat([prefix, Buffer.from('/'), name]);
}

function kindOf(type: string, name: Buffer): TarMember['kind'] {
  if (type === '5') return 'folder';
  if (type === '1' || type === '2') return 'link';
  if (type === '0' || type === '\0') return name.at(-1) === 0x2f ? 'folder' : 'file'; // as v7 marks folders
  return type === '7' ? 'file' : 'other';
}

/** Returns where the bytes of a GNU sparse member begin: after the blocks that continue its map. */
async function endOfMap(
  read: ReadAt,
  block: Buffer,
  { header, data }: { readonly header: number; readonly data: number },
): Promise<number> {
  let position = data;
  for (let continues = block[SPARSE_CONTINUES] === 1; continues; position += BLOCK) {
    if (position - data > MAX_HEADERS) throw new FormatError(`the sparse map at byte ${data} does not end`);
    const map = await read(position, BLOCK);
    if (map.byteLength < BLOCK)
      throw new TruncatedError(`the archive ends within the header at byte ${header}`);
    continues = map[MAP_CONTINUES] === 1;
  }
  return position;
}

/** @throws FormatError if it is not a size: octal, or in base 256 after a byte of 0x80 */
function numberIn(block: Buffer, [from, to]: readonly [number, number], at: number): number {
  if (block[from] !== 0x80) return sizeOf(octal(textIn(block, [from, to]).toString('latin1')), at);
  return sizeOf(
    block.subarray(from + 1, to).reduce((sum, byte) => sum * 256 + byte, 0),
    at,
  );
}

function sizeOf(size: number, at: number): number {
  if (Number.isSafeInteger(size) && size >= 0 && size < 2 ** 52) return size;
  throw new FormatError(`the header at byte ${at} has an invalid size`);
}

/** Parses a decimal number of PAX. */
const decimal = (text: string) => (/^\d+$/.test(text) ? Number(text) : Number.NaN);

/** Parses an octal number, with spaces around it; none is 0. */
function octal(text: string): number {
  const digits = text.trim();
  if (digits === '') return 0;
  return /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : Number.NaN;
}

/** Returns the bytes of a field up to the first NUL. */
function textIn(block: Buffer, [from, to]: readonly [number, number]): Buffer {
  const end = block.indexOf(0, from);
  return block.subarray(from, end === -1 ? to : Math.min(end, to));
}

const padded = (size: number) => Math.ceil(size / BLOCK) * BLOCK;

const isZero = (block: Buffer) => block.every((byte) => byte === 0);
