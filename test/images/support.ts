import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp, { type Sharp } from 'sharp';
import type { ImageFailure } from '../../src/errors.js';
import { FileItem } from '../../src/file-item.js';
import { decodeImage } from '../../src/images/decode.js';
import type { Preprocessing } from '../../src/images/geometry.js';
import type { Raster } from '../../src/images/raster.js';

export const PHOTOS = 'fixtures/preprocess';

/** HaloNet's evaluation settings: 256 pixels, 94% centre crop, bicubic. */
export const HALONET: Preprocessing = {
  height: 256,
  width: 256,
  cropPct: 0.94,
  cropMode: 'center',
  interpolation: 'bicubic',
  fill: [124, 116, 104],
  autoOrient: false,
  decode: 'exact',
  maxPixels: 268_402_689,
  failOn: 'truncated',
};

/** Leaves an image of `width` x `height` pixels unchanged. */
export function untouched(width: number, height: number): Preprocessing {
  return { ...HALONET, width, height, cropPct: 1, cropMode: 'squash' };
}

/** Provides a folder for the files of one suite. Call it in the body of a `describe`. */
export function temporaryFolder() {
  let folder = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'halonet-images-'));
  });
  after(() => rm(folder, { recursive: true }));
  return {
    path: (name: string) => join(folder, name),
    write: async (name: string, bytes: Uint8Array | string) => {
      await writeFile(join(folder, name), bytes);
      return join(folder, name);
    },
  };
}

export async function pixelsOf(path: string, preprocessing: Preprocessing): Promise<Uint8Array> {
  const image = await decodeImage(new FileItem(path), preprocessing);
  assert.ok(image.status === 'ok', `${path}: ${image.status === 'failed' && image.failure.message}`);
  assert.equal(image.pixels.length, preprocessing.height * preprocessing.width * 3);
  return image.pixels;
}

export async function failureOf(path: string, preprocessing: Preprocessing = HALONET): Promise<ImageFailure> {
  const image = await decodeImage(new FileItem(path), preprocessing);
  assert.ok(image.status === 'failed', `${path}: expected a failure`);
  assert.ok(!/[\r\n]/.test(image.failure.message), 'one line');
  assert.ok(path === '' || !image.failure.message.includes(path), 'without the path');
  return image.failure;
}

/** Mean absolute difference, on a scale of 0 to 255. */
export function meanDifference(a: Uint8Array, b: Uint8Array): number {
  assert.equal(a.length, b.length);
  return a.reduce((sum, value, i) => sum + Math.abs(value - (b[i] ?? 0)), 0) / a.length;
}

/** Largest absolute difference, on a scale of 0 to 255. */
export function largestDifference(a: Uint8Array, b: Uint8Array): number {
  assert.equal(a.length, b.length);
  return a.reduce((largest, value, i) => Math.max(largest, Math.abs(value - (b[i] ?? 0))), 0);
}

export async function rasterOf(image: Sharp): Promise<Raster> {
  const { data, info } = await image
    .toColourspace('srgb')
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height };
}

export function imageOf({ data, width, height }: Raster): Sharp {
  return sharp(data, { raw: { width, height, channels: 3 } });
}

/** Opens an image file through its bytes: libvips opens no paths once it is set up for decoding. */
export function imageFile(path: string): Sharp {
  return sharp(readFileSync(path));
}

/** Cuts the detailed middle out of a photo. Width and height are at most 300. */
export function photo(width: number, height: number): Sharp {
  return imageFile(`${PHOTOS}/chelsea.jpg`).extract({ left: 60, top: 0, width, height });
}

/** A picture of any size in which every pixel differs from its neighbours and no two regions are alike. */
export function texture(width: number, height: number): Raster {
  const data = new Uint8Array(width * height * 3);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      data[i++] = (x * 37 + y * 11) % 256;
      data[i++] = 128 + 127 * Math.sin(x / 5 + y / 7);
      data[i++] = (y * 3) % 256;
    }
  }
  return { data, width, height };
}
