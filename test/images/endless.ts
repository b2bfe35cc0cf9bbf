import { pngChunk, zeroPng } from './hostile.js';

// Containers with so many parts that reading all of them takes long or never ends.

/** Repeats bytes. */
export function repeated(part: string | Uint8Array, times: number): Buffer {
  const bytes = typeof part === 'string' ? Buffer.from(part, 'latin1') : part;
  return Buffer.alloc(times * bytes.length, bytes);
}

/** A BigTIFF whose only directory has empty fields and links to itself. */
export function selfLeadingBigTiff(fields: number): Buffer {
  const file = Buffer.alloc(16 + 8 + 20 * fields + 8);
  file.write('II+\0\x08', 'latin1');
  file.writeBigUInt64LE(16n, 8);
  file.writeBigUInt64LE(BigInt(fields), 16);
  file.writeBigUInt64LE(16n, file.length - 8);
  return file;
}

/** A TIFF whose only directory repeats one tag, each time with the same values (SHORT). */
export function repeatedTagTiff(times: number, values: number): Buffer {
  const end = 8 + 2 + 12 * times + 4;
  const file = Buffer.alloc(end + 2 * values);
  file.write('II*\0\x08', 'latin1');
  file.writeUInt16LE(times, 8);
  for (let at = 10; at < end - 4; at += 12)
    writeField(file, at, { tag: 273, type: 3, count: values, value: end });
  return file;
}

/**
 * A grey TIFF of 8 x 8 pixels with additional unknown tags that all share the same bytes.
 *
 * @param next offset of the directory after its own
 */
export function unknownTagsTiff(
  count: number,
  { bytes = 1, next = 0 }: { readonly bytes?: number; readonly next?: number } = {},
): Buffer {
  const end = 8 + 2 + 12 * (9 + count) + 4;
  const known = Object.entries({ 256: 8, 257: 8, 258: 8, 259: 1, 262: 1, 273: end, 277: 1, 278: 8, 279: 64 });
  const file = Buffer.alloc(end + 64 + bytes, 0x80);
  file.write('II*\0\x08\0\0\0', 'latin1');
  file.writeUInt16LE(9 + count, 8);
  for (const [i, [tag, value]] of known.entries())
    writeField(file, 10 + 12 * i, { tag: Number(tag), type: 4, count: 1, value });
  for (let i = 0; i < count; i++)
    writeField(file, 10 + 12 * (9 + i), { tag: 1000 + i, type: 7, count: bytes, value: end + 64 });
  file.writeUInt32LE(next, end - 4);
  return file;
}

/** A grey TIFF of tiles of 16 x 16 pixels, which share their bytes but have separate entries in the lists. */
export function tiledTiff(across: number, down: number): Buffer {
  const tiles = across * down;
  const end = 8 + 2 + 12 * 10 + 4;
  const [offsets, counts, tile] = [end, end + 4 * tiles, end + 8 * tiles];
  const file = Buffer.alloc(tile + 256, 0x80);
  file.write('II*\0\x08\0\0\0', 'latin1');
  file.writeUInt16LE(10, 8);
  const known = {
    256: 16 * across,
    257: 16 * down,
    258: 8,
    259: 1,
    262: 1,
    277: 1,
    322: 16,
    323: 16,
    324: offsets,
    325: counts,
  };
  for (const [i, [tag, value]] of Object.entries(known).entries())
    writeField(file, 10 + 12 * i, { tag: Number(tag), type: 4, count: Number(tag) < 324 ? 1 : tiles, value });
  file.writeUInt32LE(0, end - 4);
  for (let i = 0; i < tiles; i++) {
    file.writeUInt32LE(tile, offsets + 4 * i);
    file.writeUInt32LE(256, counts + 4 * i);
  }
  return file;
}

function writeField(
  file: Buffer,
  at: number,
  field: { readonly tag: number; readonly type: number; readonly count: number; readonly value: number },
): void {
  file.writeUInt16LE(field.tag, at);
  file.writeUInt16LE(field.type, at + 2);
  file.writeUInt32LE(field.count, at + 4);
  file.writeUInt32LE(field.value, at + 8);
}

/** A PNG of 8 x 8 pixels with empty text chunks, each of which libpng warns about. */
export function emptyChunksPng(count: number): Buffer {
  const chunks = repeated(pngChunk('tEXt', new Uint8Array()), count);
  return zeroPng({ width: 8, height: 8, colourType: 2, chunks: [chunks] });
}

const EMPTY_SEGMENT = '\xff\xe1\0\x02';

/** A JPEG with empty metadata segments at its start, or between its last scan and its end. */
export function emptySegmentsJpeg(jpeg: Buffer, count: number, where: 'first' | 'last'): Buffer {
  const at = where === 'first' ? 2 : jpeg.length - 2;
  return Buffer.concat([jpeg.subarray(0, at), repeated(EMPTY_SEGMENT, count), jpeg.subarray(at)]);
}

/** The first marker of a JPEG, followed by nothing but fill bytes. */
export function fillBytesJpeg(count: number): Buffer {
  return Buffer.concat([Buffer.from('\xff\xd8', 'latin1'), repeated('\xff', count)]);
}
