import assert from 'node:assert/strict';
import { pillowResize } from './pillow.js';
import { texture } from './support.js';

describe('the Pillow reference', () => {
  it('leaves pixels unchanged if the size stays the same', () => {
    const raster = texture(7, 5);
    assert.deepEqual(pillowResize(raster, 7, 5, 'bicubic'), raster);
  });

  it('doubles with the weights of bilinear interpolation, renormalised at the edges', () => {
    const raster = { width: 2, height: 1, data: Uint8Array.of(0, 40, 255, 100, 80, 255) };
    // Centres at 0.25, 0.75, 1.25, 1.75 of pixels centred at 0.5 and 1.5.
    const { data } = pillowResize(raster, 4, 1, 'bilinear');
    assert.deepEqual([...data], [0, 40, 255, 25, 50, 255, 75, 70, 255, 100, 80, 255]);
  });

  it('clamps the overshoot of bicubic interpolation', () => {
    const data = Uint8Array.of(0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255);
    const doubled = pillowResize({ width: 4, height: 1, data }, 8, 1, 'bicubic').data;
    assert.deepEqual([doubled[2 * 3], doubled[5 * 3]], [0, 255]);
  });
});
