import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import sharp, { type Sharp } from 'sharp';
import type { Crop } from '../../src/crop.js';
import { FileItem } from '../../src/file-item.js';
import { decodeImage } from '../../src/images/decode.js';
import { openDecoder } from '../../src/images/decoder.js';
import type { Preprocessing } from '../../src/images/geometry.js';
import { wholeOf } from '../../src/images/image.js';
import { openImage } from '../../src/images/open-image.js';
import type { Raster } from '../../src/images/raster.js';
import type { FoundItem } from '../../src/item.js';
import { mulberry32 } from '../../src/random.js';
import { roundHalfEven } from '../../src/rounding.js';
import { HALONET, meanDifference, PHOTOS, pixelsOf, temporaryFolder } from './support.js';

const CASES = 'fixtures/cases';
const { cases }: { readonly cases: readonly { readonly file: string; readonly status: string }[] } =
  JSON.parse(readFileSync(`${CASES}/expected.json`, 'utf8'));
const REFUSED = ['in/lab.tif', 'in/grey12.tif'];
const DECODED = cases.filter(({ file, status }) => status === 'ok' && !REFUSED.includes(file));
const FILES = [
  ...DECODED.map(({ file }) => `${CASES}/${file}`),
  ...['chelsea.jpg', 'large.jpg', 'gray.jpg', 'lossless.webp'].map((name) => `${PHOTOS}/${name}`),
];
const ORIENTED: Preprocessing = { ...HALONET, height: 96, width: 64, autoOrient: true };

function part(path: string, crop: Crop): FoundItem {
  const item = new FileItem(path);
  return {
    ...{ status: 'found', id: item.id, crop, file: path },
    identify: () => item.identify(),
    open: () => item.open(),
  };
}

async function cropPixels(path: string, crop: Crop, settings: Preprocessing): Promise<Uint8Array> {
  const image = await decodeImage(part(path, crop), settings);
  assert.ok(image.status === 'ok', `${path}: ${image.status === 'failed' && image.failure.message}`);
  return image.pixels;
}

/** Reads a whole image, upright. */
async function wholeRaster(path: string, settings: Preprocessing): Promise<Raster> {
  const image = await openImage(await readFile(path), settings);
  return image.read(wholeOf(image.header));
}

/** The pixels of Pillow's `crop((x, y, x + width, y + height))`, within the image. */
function pillowCrop({ width, height, data }: Raster, [x, y, across, down]: Crop['box']): Raster {
  const [left, right] = [x, x + across].map((edge) => Math.min(width, Math.max(0, roundHalfEven(edge))));
  const [top, bottom] = [y, y + down].map((edge) => Math.min(height, Math.max(0, roundHalfEven(edge))));
  const [from, to] = [left as number, right as number];
  const rows = Array.from({ length: (bottom as number) - (top as number) }, (_, i) => {
    const start = ((top as number) + i) * width;
    return data.subarray((start + from) * 3, (start + to) * 3);
  });
  return { width: to - from, height: rows.length, data: Buffer.concat(rows) };
}

describe('a crop', () => {
  const folder = temporaryFolder();

  /** Writes a raster to a lossless file. */
  const writePng = async ({ width, height, data }: Raster) =>
    folder.write(
      'part.png',
      await sharp(data, { raw: { width, height, channels: 3 } })
        .png()
        .toBuffer(),
    );

  /** Compares crops of an image with lossless files of them. */
  async function expectSame(path: string, seed: number): Promise<void> {
    const whole = await wholeRaster(path, ORIENTED);
    const random = mulberry32(seed);
    const inside = (size: number) => {
      const start = Math.floor(random() * size);
      return [start, 1 + Math.floor(random() * (size - start))] as const;
    };
    for (let i = 0; i < 3; i++) {
      const [[x, across], [y, down]] = [inside(whole.width), inside(whole.height)];
      const box = [x, y, across, down] as const;
      const file = await writePng(pillowCrop(whole, box));
      for (const cropMode of ['center', 'squash'] as const) {
        const settings = { ...ORIENTED, cropMode };
        const expected = await pixelsOf(file, settings);
        const pixels = await cropPixels(path, { unit: 'pixel', box }, settings);
        assert.deepEqual(pixels, expected, `box ${box}, ${cropMode}`);
      }
      for (const decode of ['near', 'fast'] as const) {
        const settings = { ...ORIENTED, decode };
        const expected = await pixelsOf(file, { ...settings, decode: 'near' });
        const difference = meanDifference(await cropPixels(path, { unit: 'pixel', box }, settings), expected);
        assert.ok(difference <= 0.5, `box ${box}, ${decode}: ${difference}`);
      }
    }
  }

  for (const [index, path] of FILES.entries())
    it(`has the pixels of a lossless file of it: ${path}`, () => expectSame(path, index));

  const photo = () => sharp(readFileSync(`${PHOTOS}/chelsea.jpg`));
  const MADE: Readonly<Record<string, () => Sharp>> = {
    ...Object.fromEntries(
      [1, 2, 3, 4, 5, 6, 7, 8].map((orientation) => [
        `orientation-${orientation}.jpg`,
        () => photo().withMetadata({ orientation }).jpeg({ chromaSubsampling: '4:2:0' }),
      ]),
    ),
    'progressive.jpg': () => photo().jpeg({ progressive: true }),
    'cmyk.jpg': () => photo().toColourspace('cmyk').jpeg(),
    '16-bit.png': () => photo().toColourspace('rgb16').png(),
    'grey-16-bit.png': () => photo().toColourspace('grey16').png(),
    'palette.png': () => photo().png({ palette: true, colours: 17 }),
    'interlaced.png': () => photo().png({ progressive: true }),
    'alpha.webp': () => photo().ensureAlpha(0.5).webp({ quality: 60 }),
  };
  for (const [index, [name, make]] of Object.entries(MADE).entries())
    it(`has the pixels of a lossless file of it: ${name}`, async () =>
      expectSame(await folder.write(name, await make().toBuffer()), index));

  it('rounds its edges to even, as Pillow does, and ends with the image', async () => {
    const path = `${PHOTOS}/chelsea.jpg`;
    const whole = await wholeRaster(path, ORIENTED);
    const { width, height } = whole;
    for (const box of [
      [10.5, 11.5, 20, 21],
      [0.49, 0.51, 9.02, 9],
      [-7.3, -1, 30.2, 40],
      [width - 20, height - 10, 500, 500],
      [-100, -100, 10_000, 10_000],
    ] as const) {
      const file = await writePng(pillowCrop(whole, box));
      const pixels = await cropPixels(path, { unit: 'pixel', box }, ORIENTED);
      assert.deepEqual(pixels, await pixelsOf(file, ORIENTED), `${box}`);
    }
  });

  it('may be given in percent of the upright width and height', async () => {
    const path = `${PHOTOS}/chelsea.jpg`;
    const whole = await wholeRaster(path, ORIENTED);
    const { width, height } = whole;
    const box = [12.5, 20, 50, 79.9] as const;
    const inPixels = box.map(
      (one, i) => (one / 100) * (i % 2 === 0 ? width : height),
    ) as unknown as Crop['box'];
    const file = await writePng(pillowCrop(whole, inPixels));
    const pixels = await cropPixels(path, { unit: 'percent', box }, ORIENTED);
    assert.deepEqual(pixels, await pixelsOf(file, ORIENTED));
    const all = await cropPixels(path, { unit: 'percent', box: [0, 0, 100, 100] }, ORIENTED);
    assert.deepEqual(all, await pixelsOf(path, ORIENTED));
  });

  it('fails if nothing is left of it', async () => {
    const path = `${PHOTOS}/chelsea.jpg`;
    const { width, height } = await wholeRaster(path, ORIENTED);
    const outside = `has no pixel of the image, which has ${width} x ${height}`;
    const tiny = 'is smaller than a pixel; boxes in 0..1 need --crop-units fraction';
    for (const [unit, box, message] of [
      ['pixel', [width, 0, 5, 5], `the box ${width},0,5,5 ${outside}`],
      ['pixel', [-5, 0, 5, 5], `the box -5,0,5,5 ${outside}`],
      ['pixel', [3.1, 0, 0.3, 5], `the box 3.1,0,0.3,5 ${outside}`],
      ['pixel', [0.4, 0.4, 0.2, 0.2], `the box 0.4,0.4,0.2,0.2 ${tiny}`],
      ['pixel', [1, 1, 0, 5], 'the box 1,1,0,5 is empty'],
      ['pixel', [1, 1, 5, -5], 'the box 1,1,5,-5 is empty'],
      ['percent', [100, 0, 1, 1], `the box 100,0,1,1 in percent ${outside}`],
    ] as const) {
      const image = await decodeImage(part(path, { unit, box }), ORIENTED);
      assert.deepEqual(image.status === 'failed' && image.failure, { code: 'invalid_crop', message });
    }
  });

  it('has the same pixels in the separate process, which opens the file or gets the bytes', async () => {
    const path = `${PHOTOS}/chelsea.jpg`;
    const crop = { unit: 'pixel', box: [30, 20, 200, 100] } as const;
    const decoder = openDecoder(ORIENTED, { timeout: 60, isolated: () => true });
    try {
      const expected = await cropPixels(path, crop, ORIENTED);
      for (const file of [path, undefined]) {
        const image = await decoder.decode({ ...part(path, crop), file });
        assert.deepEqual(image.status === 'ok' && image.pixels, expected);
      }
      const outside = await decoder.decode(part(path, { unit: 'pixel', box: [9999, 9999, 5, 5] }));
      assert.equal(outside.status === 'failed' && outside.failure.code, 'invalid_crop');
    } finally {
      await decoder.close();
    }
  });
});
