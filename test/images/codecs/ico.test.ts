import assert from 'node:assert/strict';
import {
  failureOf,
  HALONET,
  imageOf,
  photo,
  pixelsOf,
  rasterOf,
  temporaryFolder,
  texture,
  untouched,
} from '../support.js';
import { dib, icon, iconBitmap, pngIconOf } from './bitmaps.js';

const RED = [255, 0, 0] as const;
const GREEN = [0, 255, 0] as const;
const BLUE = [0, 0, 255] as const;

describe('ICO and CUR', () => {
  const folder = temporaryFolder();
  const read = async (bytes: Buffer, width: number, height = width) => [
    ...(await pixelsOf(await folder.write('image.ico', bytes), untouched(width, height))),
  ];
  const refused = async (bytes: Buffer) => failureOf(await folder.write('refused.ico', bytes));
  const filled = (side: number, colour: readonly number[]) =>
    Array(side * side)
      .fill(colour)
      .flat();

  it('reads bitmaps without their mask and alpha', async () => {
    const image = { width: 2, height: 2, bits: 32, bytes: iconBitmap(2, RED) };
    assert.deepEqual(await read(icon('ICO', [image]), 2), filled(2, RED));
    const palette = Buffer.concat([Buffer.alloc(4), Buffer.of(0, 0, 255, 0), Buffer.alloc(4 * 14)]);
    const pixels = Buffer.concat([Buffer.of(0x10, 0, 0, 0, 0x01, 0, 0, 0), Buffer.alloc(8, 0xff)]);
    const bytes = dib({ width: 2, height: 4, bits: 4, palette, pixels });
    const black = [0, 0, 0];
    assert.deepEqual(await read(icon('ICO', [{ width: 2, height: 2, bits: 4, bytes }]), 2), [
      ...black,
      ...RED,
      ...RED,
      ...black,
    ]);
  });

  it('reads embedded PNGs, such as Pillow writes', async () => {
    const raster = texture(48, 48);
    const whole = await pngIconOf(raster);
    assert.deepEqual(await read(whole, 48), [...raster.data]);
    whole.writeUInt32LE(0, 6 + 8); // its size in the directory, which Pillow ignores
    assert.deepEqual(await read(whole, 48), [...raster.data]);
    const see = await (await photo(32, 32)).ensureAlpha(0.2).png().toBuffer();
    const image = { width: 32, height: 32, bits: 32, bytes: see };
    assert.deepEqual(await read(icon('ICO', [image]), 32), [...(await rasterOf(photo(32, 32))).data]);
  });

  it('ignores the orientation of an embedded PNG, as Pillow does', async () => {
    const raster = texture(32, 16);
    const bytes = await imageOf(raster).withMetadata({ orientation: 6 }).png().toBuffer();
    const path = await folder.write('turned.ico', icon('ICO', [{ width: 32, height: 16, bits: 24, bytes }]));
    assert.deepEqual(
      [...(await pixelsOf(path, { ...untouched(32, 16), autoOrient: true }))],
      [...raster.data],
    );
  });

  it('picks the largest icon, then the one with the fewest colours, as IcoImagePlugin does', async () => {
    const image = (side: number, bits: number, colour: readonly [number, number, number], colours = 0) => ({
      width: side % 256,
      height: side % 256,
      bits,
      colours,
      bytes: iconBitmap(side, colour),
    });
    assert.deepEqual(
      await read(icon('ICO', [image(2, 8, RED), image(4, 32, GREEN), image(4, 24, BLUE)]), 4),
      filled(4, BLUE),
    );
    assert.deepEqual(
      await read(icon('ICO', [image(4, 8, RED), image(4, 0, GREEN, 16)]), 4),
      filled(4, GREEN),
    );
    assert.deepEqual(await read(icon('ICO', [image(4, 0, RED), image(4, 32, GREEN)]), 4), filled(4, GREEN));
    assert.deepEqual(
      await read(icon('ICO', [image(2, 8, RED), image(256, 32, BLUE)]), 256),
      filled(256, BLUE),
    );
  });

  it('takes the size from the image, not from the directory', async () => {
    const image = { width: 99, height: 99, bits: 32, bytes: iconBitmap(3, GREEN) };
    assert.deepEqual(await read(icon('ICO', [image]), 3), filled(3, GREEN));
  });

  it('picks a later cursor only if it is larger in both directions, as CurImagePlugin does', async () => {
    const image = (
      width: number,
      height: number,
      side: number,
      colour: readonly [number, number, number],
    ) => ({
      width,
      height,
      bits: 32,
      bytes: iconBitmap(side, colour),
    });
    const wide = icon('CUR', [image(4, 4, 4, RED), image(9, 4, 9, GREEN)]);
    assert.deepEqual(await read(wide, 4), filled(4, RED));
    const large = icon('CUR', [image(4, 4, 4, RED), image(5, 5, 5, GREEN)]);
    assert.deepEqual(await read(large, 5), filled(5, GREEN));
  });

  it('reports files that end early, have no images, hold other data or exceed the pixel limit', async () => {
    const bitmap = icon('ICO', [{ width: 2, height: 2, bits: 32, bytes: iconBitmap(2, RED) }]);
    const png = await pngIconOf(texture(48, 48));
    for (const bytes of [
      bitmap.subarray(0, 5),
      bitmap.subarray(0, 20),
      bitmap.subarray(0, 70),
      png.subarray(0, -1),
    ]) {
      assert.deepEqual(await refused(bytes), { code: 'truncated', message: 'the ICO file ends early' });
    }
    assert.deepEqual(await refused(icon('ICO', [])), {
      code: 'decode_failed',
      message: 'there is no image in the ICO file',
    });
    const far = icon('ICO', [{ width: 2, height: 2, bits: 32, bytes: iconBitmap(2, RED) }]);
    far.writeUInt32LE(0xffff_fff0, 6 + 12);
    assert.equal((await refused(far)).code, 'truncated');
    const jpeg = await photo(16, 16).jpeg().toBuffer();
    const other = await refused(icon('ICO', [{ width: 16, height: 16, bits: 24, bytes: jpeg }]));
    assert.equal(other.code, 'unsupported_format');
    const most = Buffer.alloc(6 + 16 * 65_535);
    most.set([0, 0, 1, 0, 0xff, 0xff]);
    assert.equal((await refused(most)).code, 'unsupported_format');
    const path = await folder.write(
      'large.ico',
      icon('ICO', [{ width: 0, height: 0, bits: 32, bytes: iconBitmap(256, RED) }]),
    );
    assert.equal((await failureOf(path, { ...HALONET, maxPixels: 65_535 })).code, 'too_large');
  });
});
