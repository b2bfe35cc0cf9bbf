import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { Interpolation, Preprocessing } from '../../src/images/geometry.js';
import { pillowTransform } from './pillow.js';
import {
  HALONET,
  imageFile,
  largestDifference,
  meanDifference,
  PHOTOS,
  pixelsOf,
  rasterOf,
} from './support.js';

interface Case {
  readonly image: string;
  readonly expected: string; // timm's result, computed with Pillow
  readonly size?: number; // side of a square crop
  readonly height?: number; // if the crop is not square
  readonly width?: number;
  readonly mode?: Preprocessing['cropMode'];
  readonly pct?: number;
  readonly interp?: Interpolation;
}

const CASES = JSON.parse(readFileSync(`${PHOTOS}/cases.json`, 'utf8')) as readonly Case[];

function settingsOf({ size = 256, height = size, width = size, ...others }: Case): Preprocessing {
  const { mode = 'center', pct = 0.94, interp = 'bicubic' } = others;
  return { ...HALONET, height, width, cropPct: pct, cropMode: mode, interpolation: interp };
}

describe("timm's evaluation transform", () => {
  it('has fixtures for every crop mode, square and not', () => {
    const kinds = new Set(CASES.map(settingsOf).map((of) => `${of.cropMode} ${of.height === of.width}`));
    assert.equal(kinds.size, 6);
  });

  for (const reference of CASES) {
    const { image, expected } = reference;
    const settings = settingsOf(reference);

    it(`matches decodeImage bit for bit: ${expected}`, async () => {
      const pixels = await pixelsOf(`${PHOTOS}/${image}`, settings);
      const timm = await rasterOf(imageFile(`${PHOTOS}/${expected}`));
      assert.deepEqual(Buffer.from(pixels), Buffer.from(timm.data));
    });

    it(`matches --decode near closely: ${expected}`, async () => {
      const pixels = await pixelsOf(`${PHOTOS}/${image}`, { ...settings, decode: 'near' });
      const timm = await rasterOf(imageFile(`${PHOTOS}/${expected}`));
      const difference = meanDifference(pixels, timm.data);
      assert.ok(difference <= 0.5, `mean absolute difference ${difference}`);
    });

    if (image.endsWith('.bmp')) continue; // libvips does not read BMP
    it(`matches the Pillow reference bit for bit: ${expected}`, async () => {
      const raster = await rasterOf(imageFile(`${PHOTOS}/${image}`));
      const timm = await rasterOf(imageFile(`${PHOTOS}/${expected}`));
      assert.equal(meanDifference(pillowTransform(raster, settings), timm.data), 0);
    });
  }

  it('matches --decode near even more closely where the image is enlarged', async () => {
    const enlarged = CASES.filter(({ expected }) => /small|narrow|320/.test(expected));
    assert.equal(enlarged.length, 3);
    for (const reference of enlarged) {
      const pixels = await pixelsOf(`${PHOTOS}/${reference.image}`, {
        ...settingsOf(reference),
        decode: 'near',
      });
      const timm = await rasterOf(imageFile(`${PHOTOS}/${reference.expected}`));
      const difference = meanDifference(pixels, timm.data);
      assert.ok(difference <= 0.15, `${reference.expected}: ${difference}`);
      assert.ok(largestDifference(pixels, timm.data) <= 3, reference.expected);
    }
  });
});
