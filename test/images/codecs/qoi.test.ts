import assert from 'node:assert/strict';
import { failureOf, photo, pixelsOf, rasterOf, temporaryFolder, texture, untouched } from '../support.js';
import { qoiHeader, qoiOf } from './qoi-file.js';

describe('QOI', () => {
  const folder = temporaryFolder();
  const read = async (
    bytes: Buffer,
    width: number,
    height: number,
    failOn: 'none' | 'truncated' = 'truncated',
  ) => [...(await pixelsOf(await folder.write('image.qoi', bytes), { ...untouched(width, height), failOn }))];
  const written = (width: number, ...codes: number[]) =>
    Buffer.concat([qoiHeader(width, 1, 4), Buffer.from(codes)]);

  it('decodes every code as specified', async () => {
    const codes = [
      ...[0xfe, 10, 20, 30], // RGB
      ...[0x40 | (3 << 4) | (0 << 2) | 1], // + 1, - 2, - 1
      ...[0x80 | 42, 0x0f], // green + 10, red 8 less, blue 7 more
      ...[0xff, 250, 251, 252, 7], // RGBA
      ...[0x40 | (3 << 4) | (3 << 2) | 3], // + 1 each
      ...[0x80 | 63, 0xff], // + 38, + 31, + 38: around 256
      ...[0xc0 | 1], // twice more
      ...[(10 * 3 + 20 * 5 + 30 * 7 + 255 * 11) % 64], // the first
      ...[63], // never seen: black
    ];
    const pixels = [
      ...[10, 20, 30],
      ...[11, 18, 29],
      ...[13, 28, 46],
      ...[250, 251, 252],
      ...[251, 252, 253],
      ...[33, 27, 35],
      ...[33, 27, 35],
      ...[33, 27, 35],
      ...[10, 20, 30],
      ...[0, 0, 0],
    ];
    assert.deepEqual(await read(written(10, ...codes), 10, 1), pixels);
  });

  it('starts with opaque black, and remembers a run of it', async () => {
    assert.deepEqual(await read(written(3, 0xc0, 0xfe, 1, 2, 3, 53), 3, 1), [0, 0, 0, 1, 2, 3, 0, 0, 0]);
    assert.deepEqual(await read(written(1, 0x7f), 1, 1), [1, 1, 1]);
  });

  it('decodes large images in parts that fit together', async () => {
    const picture = texture(300, 280);
    assert.deepEqual(await read(qoiOf(picture), 300, 280), [...picture.data]);
    const scene = await rasterOf(photo(300, 280));
    assert.deepEqual(await read(qoiOf(scene), 300, 280), [...scene.data]);
    const plain = { ...picture, data: new Uint8Array(picture.data.length).fill(3) };
    assert.deepEqual(await read(qoiOf(plain), 300, 280), [...plain.data]);
  });

  it('reports files that end early, have no pixels or have too many', async () => {
    const failure = async (bytes: Buffer) => failureOf(await folder.write('refused.qoi', bytes));
    const early = { code: 'truncated', message: 'the QOI file ends early' };
    const whole = qoiOf(texture(30, 20));
    for (const length of [4, 13, 14, 100, whole.length - 30]) {
      assert.deepEqual(await failure(whole.subarray(0, length)), early, `${length}`);
    }
    assert.deepEqual(await failure(written(2, 0xfe, 1, 2, 3, 0xfe, 4)), early);
    assert.deepEqual(await failure(Buffer.concat([qoiHeader(16_000, 16_000), Buffer.alloc(99)])), early);
    assert.equal((await failure(qoiHeader(0, 5))).code, 'decode_failed');
    assert.equal((await failure(qoiHeader(2 ** 32 - 1, 2 ** 32 - 1))).code, 'too_large');
    assert.deepEqual(await read(written(3, 0xfe, 1, 2, 3), 3, 1, 'none'), [1, 2, 3, 0, 0, 0, 0, 0, 0]);
  });
});
