import { ImageRefusal } from '../../refusal.js';
import type { Codec } from '../image.js';
import type { Layout } from '../kernels/layout.js';
import { openPacked } from '../packed-image.js';
import { TGA_HEADER, type TgaHeader, tgaHeader } from '../tga-header.js';

const LONGEST_PACKET = 128; // pixels

/**
 * TGA: colour maps, RGB of 16, 24 and 32 bits and grey of 8 bits, with or without alpha (which is dropped), run-length encoded
 * or not, with any origin. Matches Pillow's TgaImagePlugin.
 * https://www.dca.fee.unicamp.br/~martino/disciplinas/ia369/trabalhos/t4g3/TGA.pdf
 *
 * @throws ImageRefusal decode_failed, truncated or too_large
 */
export const tga: Codec = async (bytes, settings) => {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const header = tgaHeader(file);
  if (header === undefined) throw new ImageRefusal('decode_failed', 'the header of this TGA file is damaged');
  const { width, height, bits, topDown, mirrored, runs, map } = header;
  const bytesPerPixel = bits / 8;
  const pixelsAt = TGA_HEADER + header.idBytes + Math.ceil(map.count * (map.bits / 8));
  return openPacked(
    {
      format: 'TGA',
      width,
      height,
      bytes: file.subarray(pixelsAt),
      stride: width * bytesPerPixel,
      layout: layoutOf(file, header),
      bottomUp: !topDown,
      mirrored,
      coding: runs ? { kind: 'tga', bytesPerPixel } : undefined,
      minBytes: Math.ceil((width * height) / LONGEST_PACKET) * (1 + bytesPerPixel),
    },
    settings,
  );
};

function layoutOf(file: Buffer, { kind, bits, map, idBytes }: TgaHeader): Layout {
  if (kind === 'mapped')
    return { kind: 'indices', bits: 8, palette: palette(file, TGA_HEADER + idBytes, map) };
  if (kind === 'grey') return { kind: 'bytes', bytesPerPixel: bits / 8, rgb: [0, 0, 0] };
  if (bits === 16) return { kind: 'words', greenBits: 5 };
  return { kind: 'bytes', bytesPerPixel: bits / 8, rgb: [2, 1, 0] };
}

/** Reads the colour map. Missing colours are black. */
function palette(file: Buffer, at: number, { first, count, bits }: TgaHeader['map']): Uint8Array {
  const colours = new Uint8Array(3 * 256);
  const entry = bits / 8;
  for (let i = 0; i < count && first + i < 256 && at + (i + 1) * entry <= file.byteLength; i++) {
    const from = at + i * entry;
    if (bits === 16) {
      const word = file.readUInt16LE(from);
      const fives = [word >> 10, word >> 5, word].map((value) => Math.floor(((value & 31) * 255) / 31));
      colours.set(fives, 3 * (first + i));
    } else {
      const [blue = 0, green = 0, red = 0] = file.subarray(from, from + 3);
      colours.set([red, green, blue], 3 * (first + i));
    }
  }
  return colours;
}
