import { gunzipSync } from 'node:zlib';
import { type Budget, withinBudget } from './budget.js';
import { codestreamEndsEarly } from './codecs/jpeg2000-header.js';
import { END_OF_IMAGE, jpegMarkers } from './jpeg-markers.js';
import { pngChunks } from './png-chunks.js';
import { sniffFormat } from './sniff.js';
import { PastEndError, tiffDirectories } from './tiff-directories.js';

const MAX_STEPS = 1_000_000; // 50 ms: as many as a JPEG of 250 MB has, if every 256th byte is a step

/**
 * Returns whether an image file is truncated, judged by the lengths and end marks of its container. Called for files that could
 * not be decoded: libvips does not say why, because images decoded in parallel share its log. Returns false for a file with too
 * many parts to check.
 */
export function endsEarly(bytes: Uint8Array): boolean {
  const format = sniffFormat(bytes)?.name ?? '';
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return withinBudget(MAX_STEPS, false, (budget) => ENDS_EARLY[format]?.(file, budget) ?? false);
}

const ENDS_EARLY: Readonly<Record<string, (file: Buffer, budget: Budget) => boolean>> = {
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

/** Checks for the marker that ends an image, after all its scans. */
function jpegEndsEarly(file: Buffer, budget: Budget): boolean {
  for (const { code } of jpegMarkers(file, budget)) if (code === END_OF_IMAGE) return false;
  return true;
}

/** Checks for the last chunk. An invalid chunk name is a different kind of damage. */
function pngEndsEarly(file: Buffer, budget: Budget): boolean {
  for (const type of pngChunks(file, budget)) if (type === 'IEND' || type === '') return false;
  return true;
}

/** Checks for the byte that ends the blocks. A byte that begins no block is a different kind of damage. */
function gifEndsEarly(file: Buffer, budget: Budget): boolean {
  const byte = (at: number) => file[at] ?? 0;
  const colours = (flags: number) => (flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0); // size of a table in bytes
  let at = 13 + colours(byte(10));
  while (at < file.byteLength) {
    budget.spend();
    const block = byte(at);
    if (block === 0x3b) return false;
    if (block === 0x21) at += 2;
    else if (block === 0x2c) at += 11 + colours(byte(at + 9));
    else return false;
    for (; byte(at) !== 0; at += 1 + byte(at)) budget.spend(); // 0 beyond the end
    at++;
  }
  return true;
}

// StripOffsets, StripByteCounts, TileOffsets, TileByteCounts
const PARTS = [
  [273, 279],
  [324, 325],
] as const;

/** Checks the parts of the first directory, the only image used. */
function tiffEndsEarly(file: Buffer, budget: Budget): boolean {
  try {
    const { value: first, done } = tiffDirectories(file, budget).next();
    if (done) return false;
    if (!first.complete) return true;
    return PARTS.some(([offsets, counts]) => {
      const lengths = first.numbers(counts);
      return first.numbers(offsets).some((offset, i) => offset + (lengths[i] ?? 0) > file.byteLength);
    });
  } catch (error) {
    if (error instanceof PastEndError) return true;
    throw error;
  }
}

/** Checks the boxes of the ISO base media file format, https://www.iso.org/standard/83102.html */
function boxesEndEarly(file: Buffer, budget: Budget): boolean {
  let at = 0;
  while (at + 8 <= file.byteLength) {
    budget.spend();
    const size = file.readUInt32BE(at);
    if (size === 0) return false; // extends to the end of the file, wherever that is
    if (size === 1 && at + 16 > file.byteLength) return true;
    const length = size === 1 ? Number(file.readBigUInt64BE(at + 8)) : size;
    if (length < 8) return false;
    at += length;
  }
  return at !== file.byteLength;
}

const CLOSING = 64 * 2 ** 10; // bytes at the end in which to look for the last tag
const INFLATED = 64 * 2 ** 20; // limit for bytes of a compressed SVG, before and after inflating

/** Checks for the last tag, or the end of a compressed stream. */
function svgEndsEarly(file: Buffer): boolean {
  if (file[0] !== 0x1f) return !/<\/(\w+:)?svg\s*>/.test(file.toString('latin1', file.byteLength - CLOSING));
  if (file.byteLength > INFLATED) return false;
  try {
    gunzipSync(file, { maxOutputLength: INFLATED });
    return false;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'Z_BUF_ERROR';
  }
}
