import type { Size } from '../geometry.js';
import type { LzwData } from '../kernels/lzw.js';

/** The first frame of a GIF, and its canvas. */
export interface GifFrame {
  readonly canvas: Size; // pixels
  readonly left: number; // position of the frame on the canvas
  readonly top: number;
  readonly width: number; // of the frame
  readonly height: number;
  readonly background: readonly number[]; // RGB 0..255, where the frame does not cover the canvas
  readonly compressed: LzwData; // its pixels
  readonly file: Buffer; // a GIF of the frame alone, opaque and as large as the frame
}

const COLOURS = 256;
const [EXTENSION, IMAGE, TRAILER] = [0x21, 0x2c, 0x3b];
const GRAPHIC_CONTROL = 0xf9;

/**
 * Cuts a GIF down to its first frame, in the colours that Pillow gives it: transparent pixels keep the colour of their palette
 * entry, and the canvas around the frame takes the transparent entry, or entry 0. https://github.com/python-pillow/Pillow/blob/main/src/PIL/GifImagePlugin.py
 *
 * Makes a single pass over the file, up to the end of the frame.
 *
 * https://www.w3.org/Graphics/GIF/spec-gif89a.txt
 *
 * @returns undefined if there is no frame
 */
export function firstGifFrame(bytes: Uint8Array): GifFrame | undefined {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const byte = (at: number) => file[at] ?? 0; // 0 ends the blocks at the end of the file
  const short = (at: number) => byte(at) + 256 * byte(at + 1);
  const tableBytes = (flags: number) => (flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0);
  const skipBlocks = (start: number) => {
    let at = start;
    while (byte(at) !== 0) at += 1 + byte(at);
    return at + 1;
  };
  let table = file.subarray(13, 13 + tableBytes(byte(10)));
  let transparent = 0;
  let at = 13 + tableBytes(byte(10));
  while (byte(at) !== IMAGE) {
    if (at >= file.byteLength || byte(at) === TRAILER) return undefined;
    if (byte(at) === EXTENSION) {
      if (byte(at + 1) === GRAPHIC_CONTROL && byte(at + 3) & 1) transparent = byte(at + 6);
      at = skipBlocks(at + 2);
    } else at++; // Pillow skips bytes that begin no block
  }
  const [left, top, width, height] = [short(at + 1), short(at + 3), short(at + 5), short(at + 7)];
  const flags = byte(at + 9);
  const data = at + 10 + tableBytes(flags);
  if (tableBytes(flags) > 0) table = file.subarray(at + 10, data);
  const palette = fullPalette(table);
  const end = skipBlocks(data + 1);
  const size = Buffer.from([width & 255, width >> 8, height & 255, height >> 8]);
  const alone = Buffer.concat([
    ...[Buffer.from('GIF89a'), size, Buffer.from([0xf7, 0, 0]), palette], // a table of 256 colours
    ...[Buffer.from([IMAGE, 0, 0, 0, 0]), size, Buffer.from([flags & 0x40])], // keeps the interlacing
    file.subarray(data, end),
    Buffer.from(end <= file.byteLength ? [TRAILER] : []),
  ]);
  return {
    canvas: { width: Math.max(short(6), left + width), height: Math.max(short(8), top + height) },
    left,
    top,
    width,
    height,
    file: alone,
    compressed: { data: joinedBlocks(file, data + 1), literalBits: byte(data) },
    background: [...palette.subarray(3 * transparent, 3 * transparent + 3)],
  };
}

/** Joins the contents of the blocks that begin at a byte of the file. */
function joinedBlocks(file: Buffer, start: number): Buffer {
  const blocks: Buffer[] = [];
  for (let at = start; file[at]; at += 1 + (file[at] ?? 0)) {
    blocks.push(file.subarray(at + 1, at + 1 + (file[at] ?? 0)));
  }
  return Buffer.concat(blocks);
}

/** Returns 256 colours. As in Pillow, missing entries are black; without a table, or with the start of a grey ramp, all are greys. */
function fullPalette(table: Buffer): Buffer {
  const greys = Buffer.from(Array.from({ length: 3 * COLOURS }, (_, i) => Math.floor(i / 3)));
  if (greys.subarray(0, table.byteLength).equals(table)) return greys;
  return Buffer.concat([table], 3 * COLOURS);
}
