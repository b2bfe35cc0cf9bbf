import { gzipSync } from 'node:zlib';
import sharp from 'sharp';
import { MOST_BYTES } from './memory-bound.js';
import { pngOf } from './mutations/png.js';
import { zeros } from './zeros.js';

/** A file with few bytes and many pixels. */
export interface Bomb {
  readonly name: string; // with its extension
  readonly bytes: Buffer;
  readonly perPixel: number; // bytes of memory that it may take per pixel: as measured, with a margin
  readonly refused?: true; // valid, but not decoded
}

/** Images of `side` x `side` pixels of one colour, in every format that compresses them well; all are valid files. */
export async function makeBombs(side: number): Promise<readonly Bomb[]> {
  return [
    { name: 'grey1.png', perPixel: 7, bytes: pngBomb(side, { bits: 1, colour: 0, channels: 1 }) },
    { name: 'rgb8.png', perPixel: 7, bytes: pngBomb(side, { bits: 8, colour: 2, channels: 3 }) },
    { name: 'rgba8.png', perPixel: 7, bytes: pngBomb(side, { bits: 8, colour: 6, channels: 4 }) },
    { name: 'rgba16.png', perPixel: 7, bytes: pngBomb(side, { bits: 16, colour: 6, channels: 4 }) },
    {
      name: 'rgb8-interlaced.png',
      perPixel: 7,
      bytes: pngBomb(side, { bits: 8, colour: 2, channels: 3, interlaced: true }),
    },
    {
      name: 'rgba16-interlaced.png',
      perPixel: 14,
      bytes: pngBomb(side, { bits: 16, colour: 6, channels: 4, interlaced: true }),
    },
    { name: 'still.gif', perPixel: 9, bytes: gifBomb(side) },
    { name: 'lossless.webp', perPixel: 11, bytes: await webpBomb(side) },
    { name: 'rgb8-strips.tif', perPixel: 7, bytes: tiffBomb(side, { samples: 3, strips: 'many' }) },
    { name: 'rgba8-strips.tif', perPixel: 7, bytes: tiffBomb(side, { samples: 4, strips: 'many' }) },
    { name: 'rgb8-one-strip.tif', perPixel: 7, bytes: tiffBomb(side, { samples: 3, strips: 'one' }) },
    {
      name: 'cmyk8-strips.tif',
      perPixel: 14,
      bytes: tiffBomb(side, { samples: 4, strips: 'many', photometric: 5 }),
    },
    {
      name: 'rgb8-tile.tif',
      perPixel: 10,
      bytes: tiffBomb(side, { samples: 3, strips: 'tile' }),
    },
    { name: 'baseline.jpg', perPixel: 7, bytes: await jpegBomb(side, false) },
    { name: 'progressive.jpg', perPixel: 7, bytes: await jpegBomb(side, true) },
    // libheif refuses a buffer of 768 MB, but only after decoding its content.
    { name: 'lossy.avif', refused: true, perPixel: MOST_BYTES, bytes: await avifBomb(side) },
    { name: 'inflates.svgz', perPixel: 5, bytes: svgzBomb() },
    { name: 'rect.svg', perPixel: 7, bytes: svgBomb(side) },
  ];
}

interface PngSamples {
  readonly bits: number;
  readonly colour: number; // PNG's colour type
  readonly channels: number;
  readonly interlaced?: boolean;
}

function pngBomb(side: number, { bits, colour, channels, interlaced = false }: PngSamples): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  header.set([bits, colour, 0, 0, interlaced ? 1 : 0], 8);
  const linesOf = (width: number, height: number) => height * (1 + Math.ceil((width * bits * channels) / 8));
  const every = (step: number, first: number) => Math.ceil((side - first) / step);
  // Adam7: each pass is a separate image.
  const passes = [
    [8, 0, 8, 0],
    [8, 4, 8, 0],
    [4, 0, 8, 4],
    [4, 2, 4, 0],
    [2, 0, 4, 2],
    [2, 1, 2, 0],
    [1, 0, 2, 1],
  ].map(([dx = 1, x = 0, dy = 1, y = 0]) => linesOf(every(dx, x), every(dy, y)));
  const length = interlaced ? passes.reduce((sum, bytes) => sum + bytes) : linesOf(side, side);
  return pngOf([
    { type: 'IHDR', data: header },
    { type: 'IDAT', data: zeros(length) },
    { type: 'IEND', data: Buffer.alloc(0) },
  ]);
}

const CLEAR = 4; // of GIF's codes for pixels of two bits
const FIRST_FREE = 6;
const LAST = 4095;

/** LZW of zeros: each code stands for one zero more than the code before. */
function gifBomb(side: number): Buffer {
  const codes: number[] = []; // bits, 0 or 1, the lowest first
  const write = (code: number, bits: number) => {
    for (let i = 0; i < bits; i++) codes.push((code >> i) & 1);
  };
  let pixels = 0;
  while (pixels < side * side) {
    // One pass through the table of codes: 1 + 2 + 3 + … zeros.
    write(CLEAR, codes.length === 0 ? 3 : 12);
    write(0, 3);
    pixels += 1;
    for (let code = FIRST_FREE, run = 2; code < LAST && pixels < side * side; code++, run++) {
      write(code, Math.max(3, 32 - Math.clz32(code)));
      pixels += run;
    }
  }
  const packed = Buffer.alloc(Math.ceil(codes.length / 8));
  for (const [i, bit] of codes.entries()) packed[i >> 3] = (packed[i >> 3] ?? 0) | (bit << (i & 7));
  const blocks: Buffer[] = [];
  for (let at = 0; at < packed.length; at += 255) {
    const block = packed.subarray(at, at + 255);
    blocks.push(Buffer.from([block.length]), block);
  }
  const sides = Buffer.alloc(4);
  sides.writeUInt16LE(side, 0);
  sides.writeUInt16LE(side, 2);
  const palette = Buffer.from([0x20, 0x40, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  return Buffer.concat([
    ...[Buffer.from('GIF89a'), sides, Buffer.from([0x81, 0, 0]), palette],
    ...[Buffer.from([0x2c, 0, 0, 0, 0]), sides, Buffer.from([0, 2]), ...blocks, Buffer.from([0, 0x3b])],
  ]);
}

/** Pixels of a lossless WebP of one colour take no bits, so only the sides change: 14 bits each, minus one. */
async function webpBomb(side: number): Promise<Buffer> {
  const create = { width: 16, height: 16, channels: 3, background: '#204080' } as const;
  const bytes = await sharp({ create }).webp({ lossless: true }).toBuffer();
  const packed = bytes.readUInt32LE(21);
  bytes.writeUInt32LE(((packed & 0xf0000000) | ((side - 1) << 14) | (side - 1)) >>> 0, 21);
  return bytes;
}

interface TiffSamples {
  readonly samples: 3 | 4;
  readonly strips: 'one' | 'many' | 'tile';
  readonly photometric?: 2 | 5; // RGB, CMYK
}

/** All strips share one stream, because they are the same. */
function tiffBomb(side: number, { samples, strips, photometric = 2 }: TiffSamples): Buffer {
  const rows = strips === 'many' ? 16 : side;
  const count = Math.ceil(side / rows);
  const across = strips === 'tile' ? Math.ceil(side / 16) * 16 : side; // sides of tiles are multiples of 16
  const down = strips === 'tile' ? across : rows;
  const stream = zeros(across * down * samples);
  const list = (values: readonly number[]) => {
    const bytes = Buffer.alloc(values.length * 4);
    for (const [i, value] of values.entries()) bytes.writeUInt32LE(value, i * 4);
    return bytes;
  };
  const [tagAt, tagLength] = strips === 'tile' ? [324, 325] : [273, 279];
  const layout: [number, number][] =
    strips === 'tile'
      ? [
          [322, across],
          [323, across],
        ]
      : [[278, rows]];
  const tags: [tag: number, value: number, count?: number][] = [
    ...([
      [256, side],
      [257, side],
      [259, 8],
      [262, photometric],
      [277, samples],
    ] as [number, number][]),
    ...layout,
    [258, 8 + 0x80000, 2], // two values of two bytes: 8 and 8
  ];
  if (samples === 4 && photometric === 2) tags.push([338, 2]);
  const ends = 8 + 2 + (tags.length + 2) * 12 + 4;
  const streamAt = ends + 2 * count * 4 + 8;
  const [offsets, lengths] = [Array(count).fill(streamAt), Array(count).fill(stream.length)];
  const single = count === 1;
  tags.push(
    [tagAt, single ? streamAt : ends, count],
    [tagLength, single ? stream.length : ends + count * 4, count],
  );
  tags.sort(([a], [b]) => a - b);
  const head = Buffer.alloc(ends);
  head.write('II*\0', 'latin1');
  head.writeUInt32LE(8, 4);
  head.writeUInt16LE(tags.length, 8);
  for (const [i, [tag, value, many = 1]] of tags.entries()) {
    const at = 10 + i * 12;
    const bits = tag === 258;
    head.writeUInt16LE(tag, at);
    head.writeUInt16LE(bits ? 3 : 4, at + 2); // SHORT or LONG
    head.writeUInt32LE(bits ? samples : many, at + 4);
    head.writeUInt32LE(bits ? ends + 2 * count * 4 : value, at + 8);
  }
  const bitsOfSamples = Buffer.from([8, 0, 8, 0, 8, 0, 8, 0]);
  return Buffer.concat([head, list(offsets), list(lengths), bitsOfSamples, stream]);
}

function jpegBomb(side: number, progressive: boolean): Promise<Buffer> {
  const create = { width: side, height: side, channels: 3, background: '#204080' } as const;
  return sharp({ create, limitInputPixels: false }).jpeg({ progressive, quality: 50 }).toBuffer();
}

function svgBomb(side: number): Buffer {
  const size = `width="${side}" height="${side}"`;
  return Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" ${size}><rect ${size} fill="#248"/></svg>`);
}

function avifBomb(side: number): Promise<Buffer> {
  const create = { width: side, height: side, channels: 3, background: '#204080' } as const;
  return sharp({ create, limitInputPixels: false }).avif({ effort: 0, quality: 30 }).toBuffer();
}

/** Few pixels, and 512 MB of text. */
function svgzBomb(): Buffer {
  const head = '<svg xmlns="http://www.w3.org/2000/svg" width="99" height="99"><rect width="9" height="9"/>';
  return gzipSync(Buffer.concat([Buffer.from(head), Buffer.alloc(2 ** 29, ' '), Buffer.from('</svg>')]));
}
