import { ImageRefusal } from '../../refusal.js';
import type { Size } from '../geometry.js';
import type { TiffFields } from './tiff-fields.js';
import { TAG } from './tiff-tags.js';

/** The layout of the pixels of a TIFF. */
export type TiffLayout = TiffTiling | { readonly tile?: undefined }; // tiles, or strips, which libvips reads

export interface TiffTiling {
  readonly width: number; // pixels, as stored
  readonly height: number;
  readonly planes: number; // each with its own tiles: 1, or one per sample
  readonly tile: Size;
  readonly rowBytes: number; // of a tile, uncompressed
  readonly places: readonly [offsets: number, byteCounts: number]; // tags
  readonly isZstd: boolean; // compressed with ZSTD, which this build of libtiff cannot read
}

const [WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, PALETTE, CMYK, YCBCR] = [0, 1, 2, 3, 5, 6];
const READABLE_COLOURS = [WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, PALETTE, CMYK, YCBCR];

const OTHER_COLOURS: Readonly<Record<number, string>> = {
  4: 'a transparency mask',
  8: 'CIELab colours',
  9: 'ICCLab colours',
  10: 'ITULab colours',
  32803: "a camera's colour filter array",
  32844: 'LogL luminance',
  32845: 'LogLuv colours',
  34892: 'linear raw colours of a camera',
};

const JPEG = 7;
const ZSTD = 50_000;

// None, CCITT (RLE, group 3 and 4), LZW, JPEG, Deflate, NeXT, CCITT RLE by words, PackBits, ThunderScan, old Deflate, ZSTD.
const READABLE_CODECS = [1, 2, 3, 4, 5, JPEG, 8, 32766, 32771, 32773, 32809, 32946, ZSTD];

// https://gitlab.com/libtiff/libtiff/-/blob/master/libtiff/tiff.h
const OTHER_CODECS: Readonly<Record<number, string>> = {
  6: 'old-style JPEG',
  9: 'JBIG (T.85)',
  10: 'JBIG (T.43)',
  32908: 'PixarFilm',
  32909: 'PixarLog',
  33003: 'JPEG 2000',
  33005: 'JPEG 2000',
  34661: 'JBIG',
  34676: 'SGI Log',
  34677: 'SGI Log 24',
  34712: 'JPEG 2000',
  34887: 'LERC',
  34892: 'lossy JPEG of DNG',
  34925: 'LZMA',
  34934: 'JPEG XR',
  50001: 'WebP',
  50002: 'JPEG XL',
  52546: 'JPEG XL',
};

const READABLE_BITS = [1, 2, 4, 8, 16];
const UNDEFINED_RANGE = [32, 64]; // libvips names these by their contents: integers, floating-point numbers
const MAX_SAMPLES = 5; // sharp's limit
const ALPHA = [1, 2]; // ExtraSamples: associated, unassociated

/**
 * Returns the layout of the first image of a TIFF.
 *
 * @returns undefined if the directory lacks it: the file is damaged or truncated
 * @throws ImageRefusal unsupported_format for samples that libvips cannot read or misinterprets
 */
export function tiffLayout(fields: TiffFields): TiffLayout | undefined {
  const width = fields.numberAt(TAG.imageWidth);
  const height = fields.numberAt(TAG.imageLength);
  if (!width || !height) return undefined;
  refuseCodec(fields);
  const samples = fields.numberAt(TAG.samplesPerPixel) ?? 1;
  refuseSamples(fields, samples);
  const tileWidth = fields.numberAt(TAG.tileWidth);
  const tileHeight = fields.numberAt(TAG.tileLength);
  const hasTiles = Boolean(tileWidth && tileHeight);
  const isZstd = fields.numberAt(TAG.compression) === ZSTD;
  if (!hasTiles && !isZstd) return {};
  // Strips are tiles as wide as the image.
  const rows = Math.min(height, fields.numberAt(TAG.rowsPerStrip) || height);
  const tile = hasTiles ? { width: tileWidth ?? 0, height: tileHeight ?? 0 } : { width, height: rows };
  const planes = fields.numberAt(TAG.planarConfiguration) === 2 ? samples : 1;
  const bits = (fields.numberAt(TAG.bitsPerSample) ?? 1) * (samples / planes);
  return {
    width,
    height,
    planes,
    tile,
    isZstd,
    rowBytes: Math.ceil((tile.width * bits) / 8),
    places: hasTiles ? [TAG.tileOffsets, TAG.tileByteCounts] : [TAG.stripOffsets, TAG.stripByteCounts],
  };
}

function refuseCodec(fields: TiffFields): void {
  const codec = fields.numberAt(TAG.compression) ?? 1;
  if (READABLE_CODECS.includes(codec)) return;
  const name = OTHER_CODECS[codec] ?? `codec ${codec}`;
  throw refusal(`compressed by ${name}`, 'compress it by Deflate or LZW');
}

function refuseSamples(fields: TiffFields, samples: number): void {
  const photometric = fields.numberAt(TAG.photometric) ?? WHITE_IS_ZERO;
  if (!READABLE_COLOURS.includes(photometric)) {
    const what = OTHER_COLOURS[photometric] ?? `photometric interpretation ${photometric}`;
    throw refusal(`of ${what}`, 'convert it to RGB');
  }
  const bits = fields.numbers(TAG.bitsPerSample, Math.min(samples, 16));
  const [deepest = 1] = bits.toSorted((a, b) => b - a);
  if (bits.some((each) => each !== deepest)) throw refusal(`of ${bits.join(', ')} bits a sample`, CONVERT);
  const readable = samples === 1 ? READABLE_BITS : READABLE_BITS.filter((few) => few >= 8);
  if (![...readable, ...UNDEFINED_RANGE].includes(deepest))
    throw refusal(`of ${deepest} bits a sample`, CONVERT);
  if (photometric === YCBCR && samples !== 1 && fields.numberAt(TAG.compression) !== JPEG)
    throw refusal('of YCbCr colours that are not compressed by JPEG', 'convert it to RGB');
  const isGrey = photometric === WHITE_IS_ZERO || photometric === BLACK_IS_ZERO;
  const hasAlpha = ALPHA.includes(fields.numberAt(TAG.extraSamples) ?? 0);
  if (isGrey && samples > (hasAlpha ? 2 : 1)) {
    const advice = 'write those to be used as RGB, or one as grey';
    throw refusal(`of ${samples} samples a pixel, none of them named as a colour,`, advice);
  }
  if (samples > MAX_SAMPLES) throw refusal(`of ${samples} samples a pixel`, 'convert it to RGB');
}

const CONVERT = 'convert it to 8 or 16 bits';

function refusal(what: string, advice: string): ImageRefusal {
  return new ImageRefusal('unsupported_format', `TIFF ${what} is not supported; ${advice}`);
}
