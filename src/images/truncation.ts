import { gunzipSync } from 'node:zlib';
import { codestreamEndsEarly } from './codecs/jpeg2000-header.js';
import { sniffFormat } from './sniff.js';
import { BeyondEnd, tiffDirectories } from './tiff-directories.js';

/**
 * Whether an image file, by what its container says of itself, goes on beyond the bytes that are there. It is asked of files
 * that could not be decoded: libvips does not say why, since images that are decoded side by side share its log.
 */
export function endsEarly(bytes: Uint8Array): boolean {
  const format = sniffFormat(bytes)?.name ?? '';
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return ENDS_EARLY[format]?.(file) ?? false;
}

const ENDS_EARLY: Readonly<Record<string, (file: Buffer) => boolean>> = {
  JPEG: jpegEndsEarly,
  PNG: pngEndsEarly,
  GIF: gifEndsEarly,
  WebP: (file) => file.byteLength < 12 || file.readUInt32LE(4) + 8 > file.byteLength,
  TIFF: tiffEndsEarly,
  AVIF: boxesEndEarly,
  HEIC: boxesEndEarly,
  'JPEG 2000': codestreamEndsEarly,
  SVG: svgEndsEarly,
};

/** Without the marker that ends an image, behind all its scans. */
function jpegEndsEarly(file: Buffer): boolean {
  let at = 2;
  for (;;) {
    at = file.indexOf(0xff, at); // the data of a scan, or stray bytes, come before
    if (at < 0 || at + 1 >= file.byteLength) return true;
    const marker = file[at + 1] ?? 0;
    if (marker === 0xd9) return false;
    // A fill byte, an escaped 0xFF of a scan and markers that stand alone.
    if (marker === 0xff) at += 1;
    else if (marker <= 0x01 || (marker >= 0xd0 && marker <= 0xd8)) at += 2;
    else if (at + 4 > file.byteLength) return true;
    else at += 2 + file.readUInt16BE(at + 2);
  }
}

/** Without its last chunk. What has no name of a chunk is damage of another kind. */
function pngEndsEarly(file: Buffer): boolean {
  for (let at = 8; at + 12 <= file.byteLength; at += 12 + file.readUInt32BE(at)) {
    const type = file.toString('latin1', at + 4, at + 8);
    if (type === 'IEND' || !/^[A-Za-z]{4}$/.test(type)) return false;
  }
  return true;
}

/** Without the byte that ends the blocks. A byte that begins no block is damage of another kind. */
function gifEndsEarly(file: Buffer): boolean {
  const byte = (at: number) => file[at] ?? 0;
  const colours = (flags: number) => (flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0); // bytes of a table
  let at = 13 + colours(byte(10));
  while (at < file.byteLength) {
    const block = byte(at);
    if (block === 0x3b) return false;
    if (block === 0x21) at += 2;
    else if (block === 0x2c) at += 11 + colours(byte(at + 9));
    else return false;
    while (byte(at) !== 0) at += 1 + byte(at); // beyond the end, it is 0
    at++;
  }
  return true;
}

// StripOffsets, StripByteCounts, TileOffsets, TileByteCounts
const PARTS = [
  [273, 279],
  [324, 325],
] as const;

/** By the first directory, which is the image that is used. */
function tiffEndsEarly(file: Buffer): boolean {
  try {
    const { value: first, done } = tiffDirectories(file, new Set(PARTS.flat())).next();
    if (done) return false;
    return PARTS.some(([offsets, counts]) => {
      const lengths = first.get(counts) ?? [];
      return (first.get(offsets) ?? []).some((offset, i) => offset + (lengths[i] ?? 0) > file.byteLength);
    });
  } catch (error) {
    if (error instanceof BeyondEnd) return true;
    throw error;
  }
}

/** By the boxes of the ISO base media file format, https://www.iso.org/standard/83102.html */
function boxesEndEarly(file: Buffer): boolean {
  let at = 0;
  while (at + 8 <= file.byteLength) {
    const size = file.readUInt32BE(at);
    if (size === 0) return false; // to the end, wherever that is
    if (size === 1 && at + 16 > file.byteLength) return true;
    const length = size === 1 ? Number(file.readBigUInt64BE(at + 8)) : size;
    if (length < 8) return false;
    at += length;
  }
  return at !== file.byteLength;
}

const INFLATED = 64 * 2 ** 20; // bytes of a compressed SVG that are looked at

/** Without its last tag, or with a compressed stream that has no end. */
function svgEndsEarly(file: Buffer): boolean {
  if (file[0] !== 0x1f) return !/<\/(\w+:)?svg\s*>/.test(file.toString('latin1'));
  try {
    gunzipSync(file, { maxOutputLength: INFLATED });
    return false;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'Z_BUF_ERROR';
  }
}
