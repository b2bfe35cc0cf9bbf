import type { Raster } from '../../../src/images/raster.js';
import { imageOf } from '../support.js';

// Bitmaps, icons and cursors, field by field: https://learn.microsoft.com/en-us/windows/win32/gdi/bitmap-storage

/** The contents of a bitmap. The defaults are those of a plain bitmap of 24 bits. */
export interface Bitmap {
  readonly width: number;
  readonly height: number; // negative: rows from the top down
  readonly bits?: number;
  readonly compression?: number;
  readonly colours?: number; // as the header counts them
  readonly palette?: Uint8Array; // or masks: whatever is between the header and the pixels
  readonly headerBytes?: number;
  readonly more?: Uint8Array; // the rest of a header longer than 40 bytes
  readonly pixelsAt?: number; // the offset in the file header; undefined: the real one
  readonly pixels: Uint8Array; // rows, each of a multiple of 4 bytes, or codes
}

/** A bitmap without a file header. */
export function dib({
  width,
  height,
  bits = 24,
  compression = 0,
  colours = 0,
  palette = Buffer.alloc(0),
  headerBytes = 40,
  more = Buffer.alloc(0),
  pixels,
}: Omit<Bitmap, 'pixelsAt'>): Buffer {
  const header = Buffer.alloc(headerBytes === 12 ? 12 : 40);
  header.writeUInt32LE(headerBytes);
  if (headerBytes === 12) {
    header.writeUInt16LE(width, 4);
    header.writeUInt16LE(height, 6);
    header.writeUInt16LE(1, 8);
    header.writeUInt16LE(bits, 10);
  } else {
    header.writeUInt32LE(width, 4);
    header.writeInt32LE(height, 8);
    header.writeUInt16LE(1, 12);
    header.writeUInt16LE(bits, 14);
    header.writeUInt32LE(compression, 16);
    header.writeUInt32LE(colours, 32);
  }
  return Buffer.concat([header, more, palette, pixels]);
}

/** A BMP file. */
export function bmp(bitmap: Bitmap): Buffer {
  const body = dib(bitmap);
  const header = Buffer.alloc(14);
  header.write('BM', 'latin1');
  header.writeUInt32LE(14 + body.byteLength, 2);
  header.writeUInt32LE(bitmap.pixelsAt ?? 14 + body.byteLength - bitmap.pixels.byteLength, 10);
  return Buffer.concat([header, body]);
}

/** Encodes a picture as a bottom-up BMP of 24 bits. */
export function bmpOf({ width, height, data }: Raster): Buffer {
  const stride = 4 * Math.ceil((3 * width) / 4);
  const pixels = Buffer.alloc(stride * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [red = 0, green = 0, blue = 0] = data.subarray(3 * (y * width + x));
      pixels.set([blue, green, red], (height - 1 - y) * stride + 3 * x);
    }
  }
  return bmp({ width, height, pixels });
}

/** An image in an icon. */
export interface IconImage {
  readonly width: number; // as in the directory, where 0 stands for 256
  readonly height: number;
  readonly bits: number;
  readonly colours?: number;
  readonly bytes: Uint8Array; // a PNG, or a bitmap with its mask
}

/** An icon or a cursor. */
export function icon(kind: 'ICO' | 'CUR', images: readonly IconImage[]): Buffer {
  const directory = Buffer.alloc(6 + 16 * images.length);
  directory.writeUInt16LE(kind === 'ICO' ? 1 : 2, 2);
  directory.writeUInt16LE(images.length, 4);
  let offset = directory.byteLength;
  for (const [i, { width, height, bits, colours = 0, bytes }] of images.entries()) {
    const at = 6 + 16 * i;
    directory.set([width, height, colours], at);
    directory.writeUInt16LE(bits, at + 6);
    directory.writeUInt32LE(bytes.byteLength, at + 8);
    directory.writeUInt32LE(offset, at + 12);
    offset += bytes.byteLength;
  }
  return Buffer.concat([directory, ...images.map(({ bytes }) => bytes)]);
}

/** A bitmap for an icon, in one colour, with a mask that makes all of it transparent. */
export function iconBitmap(side: number, [red, green, blue]: readonly [number, number, number]): Buffer {
  const pixels = Buffer.alloc(4 * side * side, Buffer.of(blue, green, red, 0));
  const mask = Buffer.alloc(4 * Math.ceil(side / 32) * side, 0xff);
  return dib({ width: side, height: 2 * side, bits: 32, pixels: Buffer.concat([pixels, mask]) });
}

/** Encodes a picture as an icon that holds a PNG. */
export async function pngIconOf(raster: Raster): Promise<Buffer> {
  const bytes = await imageOf(raster).png().toBuffer();
  return icon('ICO', [{ width: raster.width % 256, height: raster.height % 256, bits: 24, bytes }]);
}
