import assert from 'node:assert/strict';
import sharp, { type Sharp } from 'sharp';
import { interpolateChroma } from '../../../src/images/kernels/chroma.js';
import type { Raster } from '../../../src/images/raster.js';
import {
  failureOf,
  imageOf,
  meanDifference,
  photo,
  pixelsOf,
  rasterOf,
  temporaryFolder,
  texture,
  untouched,
} from '../support.js';
import { type AvifOptions, avifFile, box } from './avif-file.js';
import { PILLOW_AVIF } from './pillow-avif.js';

const [WIDTH, HEIGHT] = [60, 40];

describe('AVIF', () => {
  const folder = temporaryFolder();
  const write = async (image: Sharp, options: AvifOptions = {}) =>
    folder.write('a.avif', await avifFile(image, WIDTH, HEIGHT, options));

  it("decodes to Pillow's colours, not to libheif's", async () => {
    for (const [kind, { file, pixels }] of Object.entries(PILLOW_AVIF)) {
      const path = await folder.write('pillow.avif', Buffer.from(file, 'base64'));
      for (const decode of ['exact', 'near', 'fast'] as const) {
        const decoded = await pixelsOf(path, { ...untouched(11, 7), decode });
        const difference = meanDifference(decoded, Buffer.from(pixels, 'base64'));
        assert.ok(difference < 0.1, `${kind}, ${decode}: ${difference}`);
      }
    }
  });

  it('leaves no seams between bands of rows', () => {
    const wide = texture(4000, 301);
    const columns = 100; // so narrow that all rows fit in one band
    const row = ({ data, width }: Raster, y: number, count = width) =>
      data.subarray(3 * y * width, 3 * (y * width + count));
    const rows = Array.from({ length: 301 }, (_, y) => row(wide, y, columns));
    const narrow = { data: new Uint8Array(Buffer.concat(rows)), width: columns, height: 301 };
    const kind = {
      channels: 3,
      depth: 8,
      halved: { x: true, y: true },
      limited: false,
      matrix: 'BT.709',
    } as const;
    const [all, part] = [wide, narrow].map((raster) => ({
      ...raster,
      data: interpolateChroma({ ...kind, ...raster }),
    }));
    assert.ok(all && part);
    // The last column has different neighbours.
    for (let y = 0; y < 301; y++)
      assert.deepEqual(row(all, y, columns - 1), row(part, y, columns - 1), `row ${y}`);
  });

  it('divides colours by their alpha only if they are premultiplied, as Pillow does', async () => {
    const { data } = await rasterOf(photo(WIDTH, HEIGHT));
    const alpha = Buffer.from(Array.from({ length: WIDTH * HEIGHT }, (_, i) => 55 + (i % 200)));
    const dark = Uint8Array.from(data, (value, i) =>
      Math.round((value * (alpha[Math.floor(i / 3)] ?? 0)) / 255),
    );
    const opacity = sharp(alpha, { raw: { width: WIDTH, height: HEIGHT, channels: 1 } });
    const image = imageOf({ data: dark, width: WIDTH, height: HEIGHT });
    const difference = async (premultiplied: boolean, expected: Uint8Array) => {
      const path = await write(image.clone(), { alpha: opacity.clone(), premultiplied });
      const exact = await pixelsOf(path, untouched(WIDTH, HEIGHT));
      const near = await pixelsOf(path, { ...untouched(WIDTH, HEIGHT), decode: 'near' });
      assert.equal(meanDifference(exact, near), 0);
      return meanDifference(exact, expected);
    };
    assert.ok((await difference(true, data)) < 2, 'divided');
    assert.ok((await difference(false, dark)) < 1, 'left alone');
  });

  it('accepts brands shared with HEIC, and sequences with a still image', async () => {
    const expected = (await rasterOf(photo(WIDTH, HEIGHT))).data;
    for (const options of [
      { brands: ['mif1', 'avif', 'miaf'] },
      { brands: ['avis', 'avif', 'avis', 'msf1'], boxes: [box('moov', box('mvhd', Buffer.alloc(100)))] },
    ]) {
      const pixels = await pixelsOf(await write(photo(WIDTH, HEIGHT), options), untouched(WIDTH, HEIGHT));
      assert.ok(meanDifference(pixels, expected) < 1);
    }
  });

  it('reports a sequence without a still image as unsupported', async () => {
    const moov = box('moov', box('mvhd', Buffer.alloc(100)));
    const path = await write(photo(WIDTH, HEIGHT), { brands: ['avis', 'avis'], boxes: [moov], still: false });
    assert.deepEqual(await failureOf(path), {
      code: 'unsupported_format',
      message: 'AVIF sequence without a still image is not supported; convert its first frame to PNG',
    });
  });

  it('rotates and mirrors by its boxes when auto-orienting, as Pillow does', async () => {
    const stored = photo(WIDTH, HEIGHT);
    // Pillow 12.3 turns anti-clockwise quarter turns and a mirror into the equivalent EXIF orientation.
    const upright: readonly (readonly [AvifOptions, (image: Sharp) => Sharp])[] = [
      [{ irot: 1 }, (image) => image.rotate(270)],
      [{ irot: 2 }, (image) => image.rotate(180)],
      [{ irot: 3 }, (image) => image.rotate(90)],
      [{ imir: 0 }, (image) => image.flip()],
      [{ imir: 1 }, (image) => image.flop()],
      [{ irot: 1, imir: 0 }, (image) => image.flip().rotate(90)],
      [{ irot: 1, imir: 1 }, (image) => image.flop().rotate(90)],
      [{ irot: 2, imir: 1 }, (image) => image.flip()],
      [{ irot: 3, imir: 0 }, (image) => image.flop().rotate(90)],
    ];
    for (const [options, turn] of upright) {
      const path = await write(stored.clone(), options);
      for (const [autoOrient, expected] of [
        [true, await rasterOf(turn(imageOf(await rasterOf(stored.clone()))))],
        [false, await rasterOf(stored.clone())],
      ] as const) {
        const pixels = await pixelsOf(path, { ...untouched(expected.width, expected.height), autoOrient });
        assert.ok(meanDifference(pixels, expected.data) < 1, JSON.stringify({ ...options, autoOrient }));
      }
    }
  });
});
