import { inflateSync } from 'node:zlib';
import { exifOrientation, type OrientationSources } from '../orientation.js';

const MAX_TEXT = 2 ** 20; // bytes of one text, decompressed: Pillow's limit

/** The chunks of a PNG that may hold its orientation. */
interface Chunks {
  readonly exif?: Buffer;
  readonly rawProfile?: Buffer; // a text chunk, including its four-letter name
  readonly xmp?: Buffer; // a text chunk, including its four-letter name
}

const RAW_PROFILE = 'Raw profile type exif';
const XMP = 'XML:com.adobe.xmp';

/**
 * Reads the orientation metadata of a PNG as Pillow does: EXIF from an eXIf chunk, before or after the pixels, or else from the
 * hexadecimal text that ImageMagick writes, in any kind of text chunk; and XMP. The last one of each counts.
 *
 * https://github.com/python-pillow/Pillow/blob/main/src/PIL/PngImagePlugin.py, https://exiftool.org/TagNames/PNG.html
 */
export function pngOrientation(bytes: Uint8Array): OrientationSources {
  const { exif, rawProfile, xmp } = lastChunks(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  const profile = exif ?? (rawProfile && profileOf(textOf(rawProfile)));
  return { exif: profile && exifOrientation(profile), xmp: xmp && textOf(xmp) };
}

function lastChunks(file: Buffer): Chunks {
  let chunks: Chunks = {};
  let hasPixels = false;
  for (let at = 8; at + 12 <= file.byteLength; at += 12 + file.readUInt32BE(at)) {
    const type = file.toString('latin1', at + 4, at + 8);
    if (type === 'IEND' || (type === 'fcTL' && hasPixels)) break; // the next frame of an animation
    hasPixels ||= type === 'IDAT';
    const end = at + 8 + file.readUInt32BE(at);
    if (type === 'eXIf') chunks = { ...chunks, exif: file.subarray(at + 8, end) };
    if (type !== 'tEXt' && type !== 'zTXt' && type !== 'iTXt') continue;
    const isNamed = (keyword: string) =>
      file.toString('latin1', at + 8, at + 9 + keyword.length) === `${keyword}\0`;
    if (isNamed(RAW_PROFILE)) chunks = { ...chunks, rawProfile: file.subarray(at + 4, end) };
    if (isNamed(XMP)) chunks = { ...chunks, xmp: file.subarray(at + 4, end) };
  }
  return chunks;
}

/** Returns the text of a text chunk; empty if it cannot be read. */
function textOf(chunk: Buffer): Buffer {
  const type = chunk.toString('latin1', 0, 4);
  const after = (at: number) => chunk.indexOf(0, at) + 1; // the byte after the string that begins there
  let text = after(4);
  let isCompressed = type === 'zTXt';
  if (type === 'zTXt') text += 1; // the compression method; there is only one
  if (type === 'iTXt') {
    isCompressed = chunk[text] === 1;
    text = after(after(text + 2)); // after the language and the translated keyword
  }
  if (!isCompressed) return chunk.subarray(text);
  try {
    return inflateSync(chunk.subarray(text), { maxOutputLength: MAX_TEXT });
  } catch {
    return Buffer.alloc(0);
  }
}

/** Returns the bytes of a raw profile, which consists of an empty line, name, length and lines of hexadecimal digits. */
function profileOf(text: Buffer): Buffer {
  const digits = text.toString('latin1', 0, MAX_TEXT).split('\n').slice(3).join('');
  return Buffer.from(digits.replaceAll(/\s/g, ''), 'hex');
}
