import { ImageRefusal } from '../../refusal.js';
import type { OpenSettings } from '../image.js';
import type { Coding } from '../kernels/codes.js';
import type { Layout } from '../kernels/layout.js';
import type { PackedImage } from '../packed-image.js';

/** The header of a device-independent bitmap: the part of a BMP or icon that is an image. */
interface DibHeader {
  readonly headerBytes: number;
  readonly width: number;
  readonly height: number;
  readonly topDown: boolean;
  readonly bits: number; // of a pixel
  readonly compression: number;
  readonly colours: number; // in the palette; 0: as many as there are indices
}

/** The location of a bitmap in a file. */
export interface DibPlace {
  readonly format: string; // for messages
  readonly at: number; // byte offset of its header
  readonly pixelsAt?: number | undefined; // byte offset of its pixels; undefined or 0: after the palette
  readonly halfHeight?: boolean; // its height includes a mask after the pixels
}

const CORE_HEADER = 12; // OS/2's, with 16-bit sizes

// BITMAPINFOHEADER, its undocumented V2 and V3, OS/2's second version, V4 and V5.
const HEADERS: ReadonlySet<number> = new Set([CORE_HEADER, 40, 52, 56, 64, 108, 124]);

// Compressions.
const PLAIN = 0;
const RLE8 = 1;
const RLE4 = 2;
const BITFIELDS = 3;

/**
 * Locates the pixels of a device-independent bitmap, following Pillow's BmpImagePlugin.
 * https://learn.microsoft.com/en-us/windows/win32/gdi/bitmap-storage
 *
 * @throws ImageRefusal unsupported_format, truncated
 */
export function readDib(file: Buffer, place: DibPlace, { failOn }: OpenSettings): PackedImage {
  const { format, at, halfHeight = false } = place;
  const header = readHeader(file, place);
  const { width, bits, compression, headerBytes } = header;
  const height = halfHeight ? Math.floor(header.height / 2) : header.height;
  const masks = compression === BITFIELDS && headerBytes === 40 ? 12 : 0; // bytes after the header
  const paletteAt = at + headerBytes + masks;
  const entry = headerBytes === CORE_HEADER ? 3 : 4;
  const colours = bits <= 8 ? header.colours || 2 ** bits : 0;
  const behindPalette = paletteAt + colours * entry;
  let pixelsAt = place.pixelsAt || behindPalette;
  if (pixelsAt === at + headerBytes && bits <= 8) pixelsAt = behindPalette; // some writers do not count the palette
  if (pixelsAt > file.byteLength && failOn !== 'none') {
    throw new ImageRefusal('truncated', `the ${format} file ends early`);
  }
  const coding = codingOf(header, format);
  const image = { format, width, height, bottomUp: !header.topDown, mirrored: false };
  const bytes = file.subarray(pixelsAt);
  if (coding !== undefined) {
    const layout = indexLayout(file, paletteAt, entry, colours, 8);
    // A code takes at most two bytes per pixel, plus ends of rows: anything longer is not image data.
    return {
      ...image,
      bytes: bytes.subarray(0, 4 * (width + 1) * (height + 1)),
      stride: width,
      layout,
      coding,
    };
  }
  const stride = 4 * Math.ceil((width * bits) / 32);
  const layout =
    bits <= 8
      ? indexLayout(file, paletteAt, entry, colours, bits as 1 | 4 | 8)
      : colourLayout(file, at + 40, header, format);
  return { ...image, bytes, stride, layout };
}

/** @throws ImageRefusal unsupported_format, truncated */
function readHeader(file: Buffer, { format, at }: DibPlace): DibHeader {
  const early = new ImageRefusal('truncated', `the ${format} file ends early`);
  if (file.byteLength < at + 4) throw early;
  const headerBytes = file.readUInt32LE(at);
  if (!HEADERS.has(headerBytes)) {
    throw refuse(`${format} with a header of ${headerBytes} bytes`);
  }
  if (file.byteLength < at + headerBytes) throw early;
  if (headerBytes === CORE_HEADER) {
    return {
      headerBytes,
      width: file.readUInt16LE(at + 4),
      height: file.readUInt16LE(at + 6),
      topDown: false,
      compression: PLAIN,
      colours: 0,
      bits: checkedBits(file.readUInt16LE(at + 10), format),
    };
  }
  const height = file.readInt32LE(at + 8);
  return {
    headerBytes,
    width: file.readUInt32LE(at + 4),
    height: Math.abs(height),
    topDown: height < 0,
    bits: checkedBits(file.readUInt16LE(at + 14), format),
    compression: file.readUInt32LE(at + 16),
    colours: file.readUInt32LE(at + 32),
  };
}

function checkedBits(bits: number, format: string): number {
  if ([1, 4, 8, 16, 24, 32].includes(bits)) return bits;
  throw refuse(`${format} of ${bits} bits a pixel`);
}

/** @returns undefined if rows are not compressed. @throws ImageRefusal unsupported_format */
function codingOf({ compression, bits, width }: DibHeader, format: string): Coding | undefined {
  if (compression === PLAIN || (compression === BITFIELDS && bits > 8)) return undefined;
  if (compression === RLE8 && bits === 8) return { kind: 'bmp', bits, width };
  if (compression === RLE4 && bits === 4) return { kind: 'bmp', bits, width };
  throw refuse(`${format} of ${bits} bits a pixel with compression ${compression}`);
}

/** Reads the palette. Missing colours are black. */
function indexLayout(file: Buffer, at: number, entry: number, colours: number, bits: 1 | 4 | 8): Layout {
  const palette = new Uint8Array(3 * 2 ** bits);
  const count = Math.min(colours, 2 ** bits, Math.floor(Math.max(0, file.byteLength - at) / entry));
  for (let i = 0; i < count; i++) {
    const [blue = 0, green = 0, red = 0] = file.subarray(at + i * entry, at + i * entry + 3);
    palette.set([red, green, blue], 3 * i);
  }
  return { kind: 'indices', bits, palette };
}

/**
 * Locates the colours in pixels of 16, 24 or 32 bits. Drops alpha, as Pillow's `convert('RGB')` does.
 *
 * @throws ImageRefusal unsupported_format, truncated
 */
function colourLayout(
  file: Buffer,
  masksAt: number,
  { bits, compression }: DibHeader,
  format: string,
): Layout {
  const bytes = bits / 8;
  if (compression !== BITFIELDS) {
    if (bits === 16) return { kind: 'words', greenBits: 5 };
    return { kind: 'bytes', bytesPerPixel: bytes, rgb: [2, 1, 0] };
  }
  if (file.byteLength < masksAt + 12) throw new ImageRefusal('truncated', `the ${format} file ends early`);
  const masks = [0, 4, 8].map((offset) => file.readUInt32LE(masksAt + offset));
  const [red = 0, green = 0, blue = 0] = masks;
  if (bits === 16 && red === 0xf800 && green === 0x7e0 && blue === 0x1f)
    return { kind: 'words', greenBits: 6 };
  if (bits === 16 && red === 0x7c00 && green === 0x3e0 && blue === 0x1f)
    return { kind: 'words', greenBits: 5 };
  if (bits > 16 && masks.every((mask) => mask === 0)) {
    return { kind: 'bytes', bytesPerPixel: bytes, rgb: [2, 1, 0] };
  }
  const places = masks.map((mask) => [0xff, 0xff00, 0xff0000, 0xff000000].indexOf(mask));
  const [r = -1, g = -1, b = -1] = places;
  if (bits > 16 && places.every((place) => place >= 0 && place < bytes)) {
    return { kind: 'bytes', bytesPerPixel: bytes, rgb: [r, g, b] };
  }
  const hex = masks.map((mask) => mask.toString(16)).join(', ');
  throw refuse(`${format} of ${bits} bits a pixel with the masks ${hex}`);
}

const refuse = (what: string) =>
  new ImageRefusal('unsupported_format', `${what} is not supported; convert it to PNG`);
