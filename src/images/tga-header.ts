import type { Size } from './geometry.js';

/** The header of a TGA file. */
export interface TgaHeader extends Size {
  readonly kind: 'mapped' | 'rgb' | 'grey';
  readonly bits: 8 | 16 | 24 | 32; // of a pixel
  readonly runs: boolean; // whether pixels are run-length encoded
  readonly topDown: boolean;
  readonly mirrored: boolean; // rows begin on the right
  readonly idBytes: number; // length of the text after the header
  readonly map: {
    readonly first: number; // the index of its first colour
    readonly count: number;
    readonly bits: number; // of a colour
  };
}

/** Bytes. */
export const TGA_HEADER = 18;

const KINDS: Readonly<Record<number, TgaHeader['kind']>> = { 1: 'mapped', 2: 'rgb', 3: 'grey' };
const DEPTHS: Readonly<Record<TgaHeader['kind'], readonly number[]>> = {
  mapped: [8],
  rgb: [16, 24, 32],
  grey: [8, 16],
};

const MAP_BITS: readonly number[] = [16, 24, 32];
const ALPHA_BITS: Readonly<Record<number, number>> = { 8: 0, 16: 8, 24: 0, 32: 8 }; // without alpha, any of these also allows 0

const FOOTER = Buffer.from('TRUEVISION-XFILE.\0', 'latin1');

/**
 * Reads the header of a TGA file that can be decoded. The format has no magic number, and its footer is optional, so all fields
 * must agree with each other; few other files pass this check.
 * https://www.dca.fee.unicamp.br/~martino/disciplinas/ia369/trabalhos/t4g3/TGA.pdf
 *
 * @returns undefined if it is not such a file
 */
export function tgaHeader(file: Buffer): TgaHeader | undefined {
  if (file.byteLength < TGA_HEADER) return undefined;
  const byte = (at: number) => file[at] ?? 0;
  const [hasMap, type, bits, flags] = [byte(1), byte(2), byte(16), byte(17)];
  const kind = KINDS[type & ~8];
  if (kind === undefined || !DEPTHS[kind].includes(bits) || hasMap > 1) return undefined;
  const [first, count, mapBits] = [file.readUInt16LE(3), file.readUInt16LE(5), byte(7)];
  const [width, height] = [file.readUInt16LE(12), file.readUInt16LE(14)];
  if (width === 0 || height === 0 || flags >= 0x40) return undefined; // these flags mean interleaved rows
  if (hasMap === 1 ? count === 0 || !MAP_BITS.includes(mapBits) : kind === 'mapped') return undefined;
  const alphaBits = bits === 16 && kind === 'rgb' ? 1 : ALPHA_BITS[bits];
  const agrees = (hasMap === 1 || first + count === 0) && [0, alphaBits].includes(flags & 0x0f);
  if (!agrees && !file.subarray(-FOOTER.byteLength).equals(FOOTER)) return undefined;
  return {
    kind,
    bits: bits as TgaHeader['bits'],
    width,
    height,
    runs: (type & 8) !== 0,
    topDown: (flags & 0x20) !== 0,
    mirrored: (flags & 0x10) !== 0,
    idBytes: byte(0),
    map: hasMap === 1 ? { first, count, bits: mapBits } : { first: 0, count: 0, bits: 0 },
  };
}
