import { readFile } from 'node:fs/promises';
import { deflateSync, gzipSync } from 'node:zlib';
import sharp, { type Sharp } from 'sharp';
import { mulberry32 } from '../../src/random.js';
import { CLASS_NAMES, drawSvg } from '../drawing/draw.js';
import { tiff } from '../images/tiff.js';
import { pngOf } from './mutations/png.js';
import { simpleSeeds } from './simple-seeds.js';

export type Format =
  | 'jpeg'
  | 'png'
  | 'webp'
  | 'gif'
  | 'tiff'
  | 'avif'
  | 'svg'
  | 'bmp'
  | 'ico'
  | 'pnm'
  | 'qoi'
  | 'tga'
  | 'jp2'
  | 'heic';

/** A small intact image. */
export interface Seed {
  readonly format: Format;
  readonly name: string; // for file names: a-z, 0-9
  readonly extension: string;
  readonly bytes: Buffer;
}

const SIZE = { width: 64, height: 48 };

/** A drawing; classes take turns. */
function drawing(index: number): Buffer {
  const name = CLASS_NAMES[index % CLASS_NAMES.length] ?? 'arrow';
  return Buffer.from(drawSvg(name, mulberry32(index), SIZE));
}

type Encode = (image: Sharp) => Sharp;

const JPEGS: Readonly<Record<string, Encode>> = {
  baseline: (image) => image.jpeg({ mozjpeg: false }),
  progressive: (image) => image.jpeg({ progressive: true }),
  grey: (image) => image.greyscale().jpeg(),
  cmyk: (image) => image.toColourspace('cmyk').jpeg(),
  full: (image) => image.jpeg({ chromaSubsampling: '4:4:4', quality: 100 }),
  turned: (image) => image.withMetadata({ orientation: 6 }).jpeg(),
  described: (image) =>
    image
      .withExif({ IFD0: { Copyright: 'nobody' } })
      .keepIccProfile()
      .jpeg(),
};

const PNGS: Readonly<Record<string, Encode>> = {
  rgb: (image) => image.removeAlpha().png(),
  rgba: (image) => image.ensureAlpha(0.5).png(),
  rgb16: (image) => image.removeAlpha().toColourspace('rgb16').png(),
  rgba16: (image) => image.ensureAlpha(0.5).toColourspace('rgb16').png(),
  grey: (image) => image.removeAlpha().toColourspace('b-w').png(),
  grey16: (image) => image.removeAlpha().toColourspace('grey16').png(),
  greyalpha: (image) => image.ensureAlpha(0.5).toColourspace('b-w').png(),
  palette1: (image) => image.png({ palette: true, colours: 2 }),
  palette2: (image) => image.png({ palette: true, colours: 4 }),
  palette4: (image) => image.png({ palette: true, colours: 16 }),
  palette8: (image) => image.png({ palette: true, colours: 200 }),
  interlaced: (image) => image.png({ progressive: true }),
  interlaced16: (image) => image.ensureAlpha(0.5).toColourspace('rgb16').png({ progressive: true }),
  profile: (image) => image.withIccProfile('p3').png(),
};

const WEBPS: Readonly<Record<string, Encode>> = {
  lossy: (image) => image.removeAlpha().webp(),
  lossless: (image) => image.removeAlpha().webp({ lossless: true }),
  alpha: (image) => image.ensureAlpha(0.5).webp(),
  losslessalpha: (image) => image.ensureAlpha(0.5).webp({ lossless: true }),
  nearlossless: (image) => image.webp({ nearLossless: true }),
  described: (image) =>
    image
      .withIccProfile('p3')
      .withExif({ IFD0: { Copyright: 'nobody' } })
      .webp(),
};

const GIFS: Readonly<Record<string, Encode>> = {
  still: (image) => image.gif(),
  few: (image) => image.gif({ colours: 2 }),
  interlaced: (image) => image.gif({ progressive: true }),
  alpha: (image) => image.ensureAlpha(0).gif(),
};

const TIFFS: Readonly<Record<string, Encode>> = {
  strips: (image) => image.removeAlpha().tiff({ compression: 'none' }),
  lzw: (image) => image.removeAlpha().tiff({ compression: 'lzw', predictor: 'horizontal' }),
  deflate: (image) => image.tiff({ compression: 'deflate' }),
  packbits: (image) => image.tiff({ compression: 'packbits' }),
  jpeg: (image) => image.removeAlpha().tiff({ compression: 'jpeg' }),
  webp: (image) => image.removeAlpha().tiff({ compression: 'webp' }),
  tiles: (image) =>
    image.removeAlpha().tiff({ compression: 'none', tile: true, tileWidth: 32, tileHeight: 16 }),
  tilesjpeg: (image) =>
    image.removeAlpha().tiff({ compression: 'jpeg', tile: true, tileWidth: 32, tileHeight: 32 }),
  pyramid: (image) =>
    image
      .removeAlpha()
      .tiff({ compression: 'deflate', tile: true, tileWidth: 16, tileHeight: 16, pyramid: true }),
  bit: (image) => image.removeAlpha().toColourspace('b-w').tiff({ compression: 'none', bitdepth: 1 }),
  fax: (image) => image.removeAlpha().toColourspace('b-w').tiff({ compression: 'ccittfax4', bitdepth: 1 }),
  nibble: (image) => image.removeAlpha().toColourspace('b-w').tiff({ compression: 'none', bitdepth: 4 }),
  sixteen: (image) => image.removeAlpha().toColourspace('rgb16').tiff({ compression: 'lzw' }),
  big: (image) => image.removeAlpha().tiff({ compression: 'none', bigtiff: true }),
  cmyk: (image) => image.removeAlpha().toColourspace('cmyk').tiff({ compression: 'none' }),
};

const AVIFS: Readonly<Record<string, Encode>> = {
  lossy: (image) => image.removeAlpha().avif({ effort: 0 }),
  lossless: (image) => image.removeAlpha().avif({ effort: 0, lossless: true }),
  alpha: (image) => image.ensureAlpha(0.5).avif({ effort: 0 }),
  full: (image) => image.removeAlpha().avif({ effort: 0, chromaSubsampling: '4:4:4' }),
};

const FORMATS: readonly (readonly [Format, string, Readonly<Record<string, Encode>>])[] = [
  ['jpeg', '.jpg', JPEGS],
  ['png', '.png', PNGS],
  ['webp', '.webp', WEBPS],
  ['gif', '.gif', GIFS],
  ['tiff', '.tif', TIFFS],
  ['avif', '.avif', AVIFS],
];

/** Small images of every supported format, in the variants that sharp and the encoders of these tests can write. */
export async function makeSeeds(): Promise<readonly Seed[]> {
  const encoded: Seed[] = [];
  for (const [format, extension, flavours] of FORMATS) {
    for (const [name, encode] of Object.entries(flavours)) {
      const bytes = await encode(sharp(drawing(encoded.length))).toBuffer();
      encoded.push({ format, name, extension, bytes });
    }
  }
  return [
    ...encoded,
    ...(await animations()),
    ...written(),
    ...(await drawings()),
    ...(await simpleSeeds(drawing(3))),
  ];
}

async function animations(): Promise<readonly Seed[]> {
  const pages = [1, 2, 3].map(drawing);
  const joined = sharp(pages, { join: { animated: true } });
  return [
    { format: 'gif', name: 'animated', extension: '.gif', bytes: await joined.clone().gif().toBuffer() },
    { format: 'webp', name: 'animated', extension: '.webp', bytes: await joined.clone().webp().toBuffer() },
    {
      format: 'tiff',
      name: 'pages',
      extension: '.tiff',
      bytes: await joined.clone().tiff({ compression: 'lzw' }).toBuffer(),
    },
  ];
}

/** Images that sharp cannot write. */
function written(): readonly Seed[] {
  const { width, height } = SIZE;
  const ramp = Float32Array.from({ length: width * height }, (_, i) => (i % width) / width);
  const greys = [1, 2, 4].map((bits): Seed => {
    const stride = 1 + Math.ceil((width * bits) / 8);
    const lines = Buffer.from(
      Array.from({ length: stride * height }, (_, i) => (i % stride === 0 ? 0 : (i * 37) & 0xff)),
    );
    const header = Buffer.alloc(13);
    header.writeUInt32BE(width, 0);
    header.writeUInt32BE(height, 4);
    header[8] = bits;
    const chunks = { IHDR: header, IDAT: deflateSync(lines), IEND: Buffer.alloc(0) };
    const bytes = pngOf(Object.entries(chunks).map(([type, data]) => ({ type, data })));
    return { format: 'png', name: `grey${bits}`, extension: '.png', bytes };
  });
  const float = tiff({ width, height, bits: 32, format: 3, samples: ramp });
  return [...greys, { format: 'tiff', name: 'float', extension: '.tif', bytes: float }];
}

/** SVGs: a drawing, one with many features, and one from fixtures/. */
async function drawings(): Promise<readonly Seed[]> {
  const pixel = await sharp({ create: { width: 4, height: 4, channels: 3, background: '#f80' } })
    .png()
    .toBuffer();
  const rich = [
    '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 64 48">',
    '<defs><linearGradient id="g"><stop stop-color="red"/><stop offset="1" stop-color="blue"/></linearGradient>',
    '<pattern id="p" width="8" height="8" patternUnits="userSpaceOnUse"><circle cx="4" cy="4" r="3"/></pattern>',
    '<filter id="f"><feGaussianBlur stdDeviation="2"/><feOffset dx="1"/></filter>',
    '<clipPath id="c"><rect width="60" height="40"/></clipPath><mask id="m"><rect width="64" height="48" fill="#fff"/></mask>',
    '<style>.t { stroke: #0a0; stroke-width: 2 }</style></defs>',
    '<rect width="64" height="48" fill="url(#g)" mask="url(#m)"/><rect width="32" height="24" fill="url(#p)" clip-path="url(#c)"/>',
    '<path id="a" class="t" filter="url(#f)" d="M3 3h20v9c4 4 8 -8 20 9a9 9 0 0 1 -9 9z"/><use xlink:href="#a" x="9"/>',
    `<image width="9" height="9" href="data:image/png;base64,${pixel.toString('base64')}"/>`,
    '<text x="9" y="30" font-size="12">text &amp; <tspan>more</tspan></text></svg>',
  ].join('\n');
  const stripes = await readFile('fixtures/images/textures/stripes.svg');
  return [
    { format: 'svg', name: 'drawn', extension: '.svg', bytes: drawing(6) },
    { format: 'svg', name: 'rich', extension: '.svg', bytes: Buffer.from(rich) },
    { format: 'svg', name: 'stripes', extension: '.svg', bytes: stripes },
    { format: 'svg', name: 'zipped', extension: '.svgz', bytes: gzipSync(rich) },
  ];
}
