import { gzipSync } from 'node:zlib';
import type { Random } from '../../../src/random.js';
import { withChecksum } from '../../support/archives.js';
import { zstdOf } from '../../support/zstd.js';
import { below, edge, pick, writeField } from '../chance.js';
import { type ArchiveKind, MEMBERS_TAR } from './seeds.js';

/** A way to damage an archive. */
export interface ArchiveMutation {
  readonly name: string; // for file names: a-z, 0-9 and -
  /** Whether checksums still tell what the members held before. */
  readonly keepsChecksums: boolean;
  /** Returns the damaged bytes, or undefined if the mutation does not apply. It may write to `bytes`. */
  readonly apply: (bytes: Buffer, random: Random) => Buffer | undefined;
}

const BLOCK = 512; // bytes

/** Texts of numbers at limits, and no numbers. */
const NUMBERS = ['0', '1', '777', '77777777777', '40000000000', '-1', '8', 'x', '', ' 10 '];

/** Returns the headers of a tar whose members are those that it states. */
function headersOf(tar: Buffer): readonly number[] {
  const headers: number[] = [];
  for (let at = 0; at + BLOCK <= tar.byteLength && tar[at] !== 0; ) {
    headers.push(at);
    const size = Number.parseInt(tar.toString('latin1', at + 124, at + 135), 8);
    if (!(size >= 0)) break;
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
  return headers;
}

// https://www.gnu.org/software/tar/manual/html_node/Standard.html
const FIELDS = [
  { at: 0, length: 100 },
  { at: 100, length: 8 },
  { at: 124, length: 12 },
  { at: 124, length: 12 },
  { at: 157, length: 100 },
  { at: 257, length: 8 },
  { at: 345, length: 155 },
  { at: 482, length: 1 },
] as const;

/** Changes a field of a header, and makes its checksum right again. */
function changeHeader(tar: Buffer, random: Random): Buffer | undefined {
  const headers = headersOf(tar);
  if (headers.length === 0) return undefined;
  const at = pick(random, headers);
  const header = tar.subarray(at, at + BLOCK);
  if (random() < 0.3)
    header[156] = pick(
      random,
      [...'0123456789xgLKSVMDZ\0'].map((type) => type.charCodeAt(0)),
    );
  else {
    const field = pick(random, FIELDS);
    const value =
      random() < 0.5 ? pick(random, NUMBERS) : String.fromCharCode(below(random, 256)).repeat(field.length);
    header.fill(0, field.at, field.at + field.length).write(value.slice(0, field.length), field.at, 'latin1');
    if (random() < 0.1) header[field.at] = 0x80; // in base 256
  }
  withChecksum(header);
  return tar;
}

function swapHeaders(tar: Buffer, random: Random): Buffer | undefined {
  const headers = headersOf(tar);
  if (headers.length < 2) return undefined;
  const [one, other] = [pick(random, headers), pick(random, headers)];
  const kept = Buffer.from(tar.subarray(one, one + BLOCK));
  tar.copy(tar, one, other, other + BLOCK);
  kept.copy(tar, other);
  return tar;
}

const TAR: readonly ArchiveMutation[] = [
  { name: 'header', keepsChecksums: false, apply: changeHeader },
  {
    name: 'header-twice',
    keepsChecksums: false,
    apply: (tar, random) => changeHeader(tar, random) && changeHeader(tar, random),
  },
  { name: 'swap-headers', keepsChecksums: false, apply: swapHeaders },
];

/** Compresses a damaged tar: all checksums of the compressed data are right. */
const inside = (pack: (tar: Buffer) => Buffer): readonly ArchiveMutation[] =>
  TAR.map(({ name, apply }) => ({
    name: `${name}-inside`,
    keepsChecksums: false,
    apply: (_, random) => {
      const tar = apply(Buffer.from(MEMBERS_TAR), random);
      return tar && pack(tar.subarray(0, random() < 0.3 ? below(random, tar.byteLength) : tar.byteLength));
    },
  }));

/** Compresses far more than it looks like. */
const bomb = (pack: (tar: Buffer) => Buffer): ArchiveMutation => ({
  name: 'bomb',
  keepsChecksums: true,
  apply: (_, random) => pack(Buffer.concat([MEMBERS_TAR, Buffer.alloc(below(random, 40) * 2 ** 20)])),
});

const changedField = (
  name: string,
  signature: number,
  fields: readonly (readonly [at: number, size: 2 | 4])[],
): ArchiveMutation => ({
  name,
  keepsChecksums: true,
  apply: (zip, random) => {
    const places: number[] = [];
    for (let at = 0; at + 4 <= zip.byteLength; at++) if (zip.readUInt32LE(at) === signature) places.push(at);
    if (places.length === 0) return undefined;
    const [at, size] = pick(random, fields);
    const value = random() < 0.5 ? edge(random, size) : below(random, zip.byteLength);
    writeField(zip, pick(random, places) + at, size, value % 2 ** (8 * size), true);
    return zip;
  },
});

const ZIP: readonly ArchiveMutation[] = [
  changedField('local', 0x04034b50, [
    [6, 2],
    [8, 2],
    [18, 4],
    [22, 4],
    [26, 2],
    [28, 2],
  ]),
  changedField('central', 0x02014b50, [
    [8, 2],
    [10, 2],
    [20, 4],
    [24, 4],
    [28, 2],
    [30, 2],
    [32, 2],
    [38, 4],
    [42, 4],
  ]),
  changedField('end', 0x06054b50, [
    [4, 2],
    [8, 2],
    [10, 2],
    [12, 4],
    [16, 4],
    [20, 2],
  ]),
];

const TAIL = 8; // bytes of a Parquet file: the length of its metadata, and PAR1

/** Changes the metadata of a Parquet file, whose length stays right. */
function changeMetadata(file: Buffer, random: Random): Buffer | undefined {
  const start =
    file.byteLength - TAIL - (file.byteLength < TAIL ? 0 : file.readUInt32LE(file.byteLength - TAIL));
  if (start < 0 || start > file.byteLength - TAIL) return undefined;
  for (let i = 1 + below(random, 3); i > 0; i--) {
    const at = start + below(random, Math.max(1, file.byteLength - TAIL - start));
    file[at] = random() < 0.5 ? below(random, 256) : (file[at] ?? 0) ^ (1 << below(random, 8));
  }
  return file;
}

/** Adds bytes to the metadata, or takes some away, and states their new length. */
function resizeMetadata(file: Buffer, random: Random): Buffer | undefined {
  if (file.byteLength < 2 * TAIL) return undefined;
  const length = file.readUInt32LE(file.byteLength - TAIL);
  const end = file.byteLength - TAIL;
  if (length > end) return undefined;
  const at = end - below(random, length + 1);
  const isLonger = random() < 0.5;
  const change = 1 + below(random, 40);
  const added = Buffer.alloc(isLonger ? change : 0, below(random, 256));
  const from = isLonger ? at : Math.min(end, at + change);
  const resized = Buffer.concat([file.subarray(0, at), added, file.subarray(from)]);
  resized.writeUInt32LE(Math.max(0, length + added.byteLength - (from - at)), resized.byteLength - TAIL);
  return resized;
}

/** Changes bytes near the beginning of the pages, where their headers are. */
function changePages(file: Buffer, random: Random): Buffer {
  for (let i = 1 + below(random, 3); i > 0; i--)
    file[4 + below(random, Math.min(60, file.byteLength - 4))] = below(random, 256);
  return file;
}

/** The mutations of each kind that reach behind its checksums, lengths and magic numbers. */
export const OWN: Readonly<Record<ArchiveKind, readonly ArchiveMutation[]>> = {
  tar: TAR,
  gzip: [...inside((tar) => gzipSync(tar)), bomb((tar) => gzipSync(tar))],
  zstd: [...inside((tar) => zstdOf(tar)), bomb((tar) => zstdOf(tar))],
  zip: ZIP,
  parquet: [
    { name: 'metadata', keepsChecksums: false, apply: changeMetadata },
    { name: 'resized', keepsChecksums: false, apply: resizeMetadata },
    { name: 'pages', keepsChecksums: false, apply: changePages },
  ],
};
