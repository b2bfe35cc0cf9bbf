import { ImageRefusal } from '../../refusal.js';
import { roundHalfEven } from '../../rounding.js';
import type { Size } from '../geometry.js';
import type { Codec } from '../image.js';
import type { Layout } from '../kernels/layout.js';
import { openPacked } from '../packed-image.js';

interface PnmHeader extends Size {
  readonly kind: number; // the digit of its magic number: 1 and 4 are bits, 2 and 5 grey, 3 and 6 RGB
  readonly most: number; // the sample of white, or of a full colour
  readonly bytes: number; // length of the header
}

const HEADER_LIMIT = 2 ** 16; // bytes
const TOKEN_LIMIT = 10; // characters, as in Pillow
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const COMMENT = 0x23;

/**
 * PBM, PGM and PPM, plain and raw, 1 to 16 bits. Samples are scaled as in Pillow's PpmImagePlugin. Grey above 8 bits is scaled
 * like RGB; Pillow would clip it to white.
 * https://netpbm.sourceforge.net/doc/pnm.html
 *
 * @throws ImageRefusal decode_failed, truncated or too_large
 */
export const pnm: Codec = async (bytes, settings) => {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { kind, width, height, most, bytes: headerBytes } = readHeader(file);
  const channels = kind === 3 || kind === 6 ? 3 : 1;
  const image = { format: 'PNM', width, height, bottomUp: false, mirrored: false };
  const pixels = file.subarray(headerBytes);
  if (kind === 4) {
    const stride = Math.ceil(width / 8);
    const layout = { kind: 'indices', bits: 1, palette: Uint8Array.of(255, 255, 255, 0, 0, 0) } as const;
    return openPacked({ ...image, bytes: pixels, stride, layout }, settings);
  }
  if (kind > 4) {
    const layout = samples(channels, most < 256 ? 1 : 2, (value) => scaled(value, most));
    const stride = width * channels * layout.sampleBytes;
    return openPacked({ ...image, bytes: pixels, stride, layout }, settings);
  }
  if (kind === 1) {
    const layout = samples(1, 1, (bit) => (bit === 0 ? 255 : 0));
    const coding = { kind: 'plain bits' } as const;
    const minBytes = width * height;
    return openPacked({ ...image, bytes: pixels, stride: width, layout, coding, minBytes }, settings);
  }
  const numbers = width * height * channels;
  return openPacked(
    {
      ...image,
      bytes: Buffer.concat([pixels, Buffer.of(LINE_FEED)]), // ends the last number
      stride: 2 * width * channels,
      layout: samples(channels, 2, (value) => scaled(value, most)),
      coding: { kind: 'plain samples', most },
      minBytes: 2 * numbers,
    },
    settings,
  );
};

const scaled = (value: number, most: number) => Math.min(255, roundHalfEven((value / most) * 255));

function samples(
  channels: 1 | 3,
  sampleBytes: 1 | 2,
  toByte: (value: number) => number,
): Extract<Layout, { kind: 'samples' }> {
  const table = Uint8Array.from({ length: 2 ** (8 * sampleBytes) }, (_, value) => toByte(value));
  return { kind: 'samples', channels, sampleBytes, table };
}

/** @throws ImageRefusal decode_failed, truncated */
function readHeader(file: Buffer): PnmHeader {
  const kind = (file[1] ?? 0) - 0x30;
  const width = readNumber(file, 2);
  const height = readNumber(file, width.end);
  const most = kind === 1 || kind === 4 ? { value: 1, end: height.end } : readNumber(file, height.end);
  if (most.value < 1 || most.value > 65_535) throw damaged();
  return { kind, width: width.value, height: height.value, most: most.value, bytes: most.end };
}

/**
 * Reads a number of the header and the single white space after it. As in Pillow, a comment does not end it.
 *
 * @throws ImageRefusal decode_failed, truncated
 */
function readNumber(file: Buffer, from: number): { readonly value: number; readonly end: number } {
  let token = '';
  let at = from;
  for (; at < Math.min(file.byteLength, HEADER_LIMIT) && token.length <= TOKEN_LIMIT; at++) {
    const character = file[at] ?? 0;
    if (character === COMMENT) at = endOfLine(file, at);
    else if (!isSpace(character)) token += String.fromCharCode(character);
    else if (token !== '') break;
  }
  if (/^\d{1,10}$/.test(token)) return { value: Number(token), end: at + 1 };
  const early = at >= file.byteLength && token === '';
  throw early ? new ImageRefusal('truncated', 'the PNM file ends early') : damaged();
}

function endOfLine(file: Buffer, from: number): number {
  let at = from;
  while (at < file.byteLength && file[at] !== LINE_FEED && file[at] !== CARRIAGE_RETURN) at++;
  return at;
}

const isSpace = (character: number) => character === 0x20 || (character >= 0x09 && character <= 0x0d);

const damaged = () => new ImageRefusal('decode_failed', 'the header of this PNM file is damaged');
