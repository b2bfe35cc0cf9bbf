import { ImageRefusal } from '../../refusal.js';
import type { Codec, Image, OpenSettings } from '../image.js';
import { openWithLibvips } from '../libvips-image.js';
import { openPacked } from '../packed-image.js';
import { readDib } from './dib.js';

const HEAD = 6; // bytes
const ENTRY = 16; // bytes

/** An image in the directory of an icon. */
interface Entry {
  readonly width: number; // pixels
  readonly height: number;
  readonly depth: number; // bits per pixel, or what Pillow takes for them
  readonly bytes: number;
  readonly at: number; // bytes from the start of the file
}

/**
 * Windows icons: the largest image and, among several of that size, the one with the fewest colours, as in Pillow's
 * IcoImagePlugin. Drops alpha and the transparency mask.
 * https://learn.microsoft.com/en-us/previous-versions/ms997538(v=msdn.10)
 *
 * @throws ImageRefusal unsupported_format, decode_failed, truncated or too_large
 */
export const ico: Codec = (bytes, settings) => {
  const before = (a: Entry, b: Entry) => b.width * b.height - a.width * a.height || a.depth - b.depth;
  return openIcon('ICO', bytes, settings, (entries) => entries.sort(before)[0]);
};

/**
 * Windows cursors: the first image that no other exceeds in both width and height, as in Pillow's CurImagePlugin. Unlike in
 * Pillow, pixels of a one-bit cursor that invert the screen are white.
 *
 * @throws as {@link ico}
 */
export const cur: Codec = (bytes, settings) =>
  openIcon('CUR', bytes, settings, (entries) =>
    entries.reduce((most, entry) => (entry.width > most.width && entry.height > most.height ? entry : most)),
  );

async function openIcon(
  format: string,
  bytes: Uint8Array,
  settings: OpenSettings,
  choose: (entries: Entry[]) => Entry | undefined,
): Promise<Image> {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const early = new ImageRefusal('truncated', `the ${format} file ends early`);
  const count = file.byteLength < HEAD ? 0 : file.readUInt16LE(4);
  if (file.byteLength < HEAD + count * ENTRY || file.byteLength < HEAD) throw early;
  const entries = Array.from({ length: count }, (_, i) => readEntry(file, HEAD + i * ENTRY));
  const entry = count === 0 ? undefined : choose(entries);
  if (entry === undefined) throw new ImageRefusal('decode_failed', `there is no image in the ${format} file`);
  const { at } = entry;
  if (!file.subarray(at, at + 8).equals(PNG)) {
    return openPacked(readDib(file, { format, at, halfHeight: true }, settings), settings);
  }
  if (at + entry.bytes > file.byteLength && settings.failOn !== 'none') throw early;
  // Pillow ignores the orientation of the image inside, like that of the file.
  return openWithLibvips(file.subarray(at), { ...settings, autoOrient: false });
}

const PNG = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');

function readEntry(file: Buffer, at: number): Entry {
  const colours = file[at + 2] ?? 0;
  return {
    width: file[at] || 256,
    height: file[at + 1] || 256,
    depth: file.readUInt16LE(at + 6) || Math.ceil(Math.log2(colours || 1)) || 256,
    bytes: file.readUInt32LE(at + 8),
    at: file.readUInt32LE(at + 12),
  };
}
