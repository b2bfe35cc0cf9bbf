import { readFile } from 'node:fs/promises';
import sharp from 'sharp';
import { bmp, bmpOf, dib, icon, iconBitmap, pngIconOf } from '../images/codecs/bitmaps.js';
import { qoiOf } from '../images/codecs/qoi-file.js';
import { tga, tgaOf } from '../images/codecs/tga-file.js';
import { rasterOf } from '../images/support.js';
import type { Format, Seed } from './seeds.js';

const words = (...values: number[]) => Buffer.from(Uint32Array.from(values).buffer);
const ramp = (length: number) => Buffer.from(Array.from({ length }, (_, i) => (i * 37) & 0xff));

const SIZE = { width: 40, height: 10 };
// Runs, literals, the end of a row and a jump, as codes of both RLE8 and RLE4.
const RUNS = Buffer.from([
  0,
  40,
  ...ramp(40),
  0,
  0,
  9,
  3,
  0,
  5,
  1,
  2,
  3,
  4,
  5,
  0,
  0,
  0,
  0,
  2,
  7,
  1,
  30,
  0x21,
  0,
  1,
]);

const BITMAPS: Readonly<Record<string, Buffer>> = {
  bits1: bmp({ ...SIZE, bits: 1, palette: ramp(8), pixels: ramp(80) }),
  bits4: bmp({ ...SIZE, bits: 4, palette: ramp(64), pixels: ramp(200) }),
  bits8: bmp({ ...SIZE, bits: 8, palette: ramp(1024), pixels: ramp(400) }),
  bits16: bmp({ ...SIZE, bits: 16, pixels: ramp(800) }),
  bits32: bmp({ ...SIZE, bits: 32, pixels: ramp(1600) }),
  masks: bmp({ ...SIZE, bits: 16, compression: 3, palette: words(0xf800, 0x7e0, 0x1f), pixels: ramp(800) }),
  rle8: bmp({ ...SIZE, bits: 8, compression: 1, palette: ramp(1024), pixels: RUNS }),
  rle4: bmp({ ...SIZE, bits: 4, compression: 2, palette: ramp(64), pixels: RUNS }),
  core: bmp({ ...SIZE, bits: 8, headerBytes: 12, palette: ramp(768), pixels: ramp(400) }),
  v5: bmp({ ...SIZE, headerBytes: 124, more: ramp(84), pixels: ramp(1200) }),
  topdown: bmp({ ...SIZE, height: -10, pixels: ramp(1200) }),
  bare: dib({ ...SIZE, pixels: ramp(1200) }),
};

const TARGAS: Readonly<Record<string, Buffer>> = {
  bits16: tga({ ...SIZE, type: 2, bits: 16, flags: 1, pixels: ramp(800) }),
  bits32: tga({ ...SIZE, type: 2, bits: 32, flags: 0x38, pixels: ramp(1600), footer: true }),
  grey: tga({ ...SIZE, type: 3, bits: 8, id: 'grey', pixels: ramp(400) }),
  map: tga({
    ...SIZE,
    type: 1,
    bits: 8,
    map: { first: 0, count: 256, bits: 24, bytes: ramp(768) },
    pixels: ramp(400),
  }),
};

const text = (length: number, most: number) =>
  Array.from(ramp(length), (value) => value % (most + 1)).join(' ');

const ANYMAPS: Readonly<Record<string, Buffer>> = {
  p1: Buffer.from(`P1\n# bits\n40 10\n${text(400, 1)}\n`),
  p2: Buffer.from(`P2 40 10 15\n${text(400, 15)}\n`),
  p3: Buffer.from(`P3 40 10 255\n${text(1200, 255)}\n`),
  p4: Buffer.concat([Buffer.from('P4 40 10\n'), ramp(50)]),
  p5: Buffer.concat([Buffer.from('P5 # grey\n40 10 65535\n'), ramp(800)]),
  p6: Buffer.concat([Buffer.from('P6\n40 10\n100\n'), ramp(1200)]),
};

async function files(...names: readonly string[]): Promise<Readonly<Record<string, Buffer>>> {
  const read = names.map(
    async (name) => [name.replace('.', ''), await readFile(`fixtures/codecs/${name}`)] as const,
  );
  return Object.fromEntries(await Promise.all(read));
}

/** Small images in formats that sharp does not write. @param drawing an image of any format */
export async function simpleSeeds(drawing: Buffer): Promise<readonly Seed[]> {
  const picture = await rasterOf(sharp(drawing));
  const cursors = [8, 16].map((side) => ({
    width: side,
    height: side,
    bits: 32,
    bytes: iconBitmap(side, [1, 2, 3]),
  }));
  const all: Readonly<Record<string, Readonly<Record<string, Buffer>>>> = {
    bmp: { ...BITMAPS, rgb: bmpOf(picture) },
    ico: { png: await pngIconOf(picture), bitmaps: icon('ICO', cursors), cursors: icon('CUR', cursors) },
    pnm: ANYMAPS,
    qoi: { drawn: qoiOf(picture) },
    tga: { ...TARGAS, runs: tgaOf(picture) },
    jp2: await files('rgb.jp2', 'rgb.j2k', 'tiles.jp2', 'grey.jp2', 'palette.jp2', 'rgb16.j2k', 'grey12.j2k'),
    heic: await files('photo.heic'),
  };
  return Object.entries(all).flatMap(([format, flavours]) =>
    Object.entries(flavours).map(([name, bytes]) => ({
      format: format as Format,
      name,
      extension: `.${format}`,
      bytes,
    })),
  );
}
