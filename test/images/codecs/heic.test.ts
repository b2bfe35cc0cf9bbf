import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { planResize } from '../../../src/images/geometry.js';
import { openImage } from '../../../src/images/open-image.js';
import {
  failureOf,
  HALONET,
  imageFile,
  largestDifference,
  meanDifference,
  pixelsOf,
  rasterOf,
  temporaryFolder,
  untouched,
} from '../support.js';

const PHOTO = 'fixtures/codecs/photo.heic';

/** The photo with a transform in place of the property for its bit depths, which no decoder needs. */
async function withProperty(type: 'irot' | 'imir', value: number): Promise<Buffer> {
  const bytes = await readFile(PHOTO);
  const at = bytes.indexOf('pixi');
  bytes.write(type, at, 'latin1');
  bytes[at + 4] = value;
  return bytes;
}

describe('HEIC', () => {
  const folder = temporaryFolder();
  // Made with heif-convert of libheif 1.15: versions differ in how they upsample chroma.
  const expected = async () => rasterOf(imageFile(`${PHOTO}.png`));

  it('comes close to the pixels of heif-convert', async () => {
    const pixels = await pixelsOf(PHOTO, untouched(64, 48));
    const { data } = await expected();
    assert.ok(meanDifference(pixels, data) < 0.5, `${meanDifference(pixels, data)}`);
    assert.ok(largestDifference(pixels, data) <= 8);
    for (const decode of ['near', 'fast'] as const) await pixelsOf(PHOTO, { ...HALONET, decode });
  });

  it('follows its own rotation, with and without auto-orient', async () => {
    const { data } = await expected();
    const at = (pixels: Uint8Array, width: number, x: number, y: number) =>
      pixels.subarray(3 * (y * width + x), 3 * (y * width + x) + 3);
    for (const autoOrient of [true, false]) {
      const turned = await folder.write('turned.heic', await withProperty('irot', 1)); // a quarter turn to the left
      const left = await pixelsOf(turned, { ...untouched(48, 64), autoOrient });
      const half = await folder.write('half.heic', await withProperty('irot', 2));
      const over = await pixelsOf(half, { ...untouched(64, 48), autoOrient });
      for (const [x, y] of [
        [3, 5],
        [60, 40],
      ] as const) {
        assert.ok(largestDifference(at(left, 48, y, 63 - x), at(data, 64, x, y)) <= 2);
        assert.ok(largestDifference(at(over, 64, 63 - x, 47 - y), at(data, 64, x, y)) <= 2);
      }
    }
  });

  it('reads files of several brands', async () => {
    const bytes = await readFile(PHOTO);
    for (const brand of ['mif1', 'heix', 'hevc', 'heim']) {
      bytes.write(brand, 8, 'latin1');
      await pixelsOf(await folder.write(`${brand}.heic`, bytes), HALONET);
    }
  });

  it('reports files that end early, are damaged or too large', async () => {
    const bytes = await readFile(PHOTO);
    const refused = async (changed: Buffer, settings = HALONET) =>
      failureOf(await folder.write('refused.heic', changed), settings);
    for (const length of [20, 100, 400, 1000, bytes.length - 1]) {
      const failure = await refused(bytes.subarray(0, length));
      assert.deepEqual(failure, { code: 'truncated', message: 'the HEIC file ends early' }, `${length}`);
    }
    const damaged = Buffer.from(bytes).fill(0xff, bytes.indexOf('hvcC') + 4, bytes.indexOf('hvcC') + 60);
    assert.deepEqual(await refused(damaged), { code: 'decode_failed', message: 'the HEIC data is damaged' });
    assert.equal((await refused(bytes, { ...HALONET, maxPixels: 3071 })).code, 'too_large');
    const none = Buffer.from(bytes);
    none.write('xxxx', bytes.indexOf('ipma'), 'latin1');
    assert.equal((await refused(none)).code, 'decode_failed');
    const lies = Buffer.from(bytes); // about the size at which it is shown
    const second = lies.indexOf('ispe', lies.indexOf('ispe') + 4);
    lies.writeUInt32BE(16_000, second + 8);
    lies.writeUInt32BE(16_000, second + 12);
    assert.equal((await refused(lies)).code, 'decode_failed');
    await pixelsOf(PHOTO, HALONET);
  });

  it('stops when its signal aborts', async () => {
    const image = await openImage(await readFile(PHOTO), HALONET);
    const { horizontal } = planResize(image.header, HALONET);
    assert.equal(horizontal.source, 64);
    const controller = new AbortController();
    const region = { left: 0, top: 0, width: 64, height: 48 };
    const reading = image.read(region, controller.signal);
    setTimeout(() => controller.abort(new Error('enough')), 1);
    await assert.rejects(reading, /enough/);
  });
});
