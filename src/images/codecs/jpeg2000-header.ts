import type { Size } from '../geometry.js';
import { boxesOf, MAX_BOXES } from './iso-boxes.js';

/** The header of a JPEG 2000 file. */
export interface Jpeg2000Header extends Size {
  readonly components: number;
  readonly first: readonly Component[]; // at most four
  readonly colours: number | undefined; // EnumCS of the file format: 16 sRGB, 17 grey; undefined: not stated, or given by a profile
}

interface Component {
  readonly bits: number;
  readonly signed: boolean;
  readonly columns: number; // image columns per sample
  readonly rows: number;
}

const CODESTREAM = Buffer.from('ff4fff51', 'hex'); // its first two markers: start and size
const SIZE_END = 42; // byte offset of the components
const [START_OF_TILE, END_OF_CODESTREAM] = [0xff90, 0xffd9];
const MAX_TILES = 1_000_000;

/**
 * Reads the size and components of a JPEG 2000 file, or of a bare codestream.
 * https://www.itu.int/rec/T-REC-T.800
 *
 * @returns undefined if the header is damaged
 */
export function jpeg2000Header(file: Buffer): Jpeg2000Header | undefined {
  const codestream = codestreamOf(file);
  if (codestream === undefined || codestream.byteLength < SIZE_END) return undefined;
  const at = (field: number) => codestream.readUInt32BE(8 + 4 * field);
  const components = codestream.readUInt16BE(40);
  const first: Component[] = [];
  for (let i = SIZE_END; first.length < Math.min(4, components); i += 3) {
    const [depth = 0, columns = 0, rows = 0] = codestream.subarray(i, i + 3);
    first.push({ bits: (depth & 0x7f) + 1, signed: depth >= 0x80, columns, rows });
  }
  return { width: at(0) - at(2), height: at(1) - at(3), components, first, colours: enumeratedColours(file) };
}

/** Returns whether a tile of a codestream, or what must follow it, lies beyond the end of the file. */
export function codestreamEndsEarly(file: Buffer): boolean {
  const codestream = codestreamOf(file);
  if (codestream === undefined) return true;
  let at = 2;
  for (let count = 0; count < MAX_TILES; count++) {
    if (at + 4 > codestream.byteLength)
      return codestream.readUInt16BE(codestream.byteLength - 2) !== END_OF_CODESTREAM;
    const marker = codestream.readUInt16BE(at);
    if (marker === END_OF_CODESTREAM || marker < 0xff00) return false;
    if (marker !== START_OF_TILE) {
      at += 2 + codestream.readUInt16BE(at + 2);
    } else {
      if (at + 10 > codestream.byteLength) return true;
      const length = codestream.readUInt32BE(at + 6);
      if (length < 12) return false; // 0: extends to the end of the file, wherever that is
      at += length;
    }
  }
  return false;
}

function codestreamOf(file: Buffer): Buffer | undefined {
  const codestream = isCodestream(file) ? file : partOf(file, 'jp2c');
  return codestream !== undefined && isCodestream(codestream) ? codestream : undefined;
}

const isCodestream = (bytes: Buffer) => bytes.subarray(0, 4).equals(CODESTREAM);

/** Returns the contents of the first box of a type. */
function partOf(bytes: Buffer, wanted: string): Buffer | undefined {
  for (const { type, start, end } of boxesOf(bytes, 0, bytes.byteLength, { boxes: MAX_BOXES })) {
    if (type === wanted) return bytes.subarray(start, end);
  }
  return undefined;
}

function enumeratedColours(file: Buffer): number | undefined {
  const colours = isCodestream(file) ? undefined : partOf(partOf(file, 'jp2h') ?? Buffer.alloc(0), 'colr');
  return colours?.[0] === 1 && colours.byteLength >= 7 ? colours.readUInt32BE(3) : undefined;
}
