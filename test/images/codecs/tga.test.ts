import assert from 'node:assert/strict';
import { failureOf, photo, pixelsOf, rasterOf, temporaryFolder, texture, untouched } from '../support.js';
import { type Targa, tga, tgaOf } from './tga-file.js';

describe('TGA', () => {
  const folder = temporaryFolder();
  const read = async (targa: Targa) => [
    ...(await pixelsOf(await folder.write('image.tga', tga(targa)), untouched(targa.width, targa.height))),
  ];
  const failure = async (bytes: Buffer) => failureOf(await folder.write('refused.tga', bytes));

  it('reads pixels that start in any corner', async () => {
    const corners = {
      type: 2,
      width: 2,
      height: 2,
      bits: 24,
      pixels: Buffer.of(1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4),
    };
    const order = async (flags: number) => (await read({ ...corners, flags })).filter((_, i) => i % 3 === 0);
    assert.deepEqual(await order(0), [3, 4, 1, 2]);
    assert.deepEqual(await order(0x10), [4, 3, 2, 1]);
    assert.deepEqual(await order(0x20), [1, 2, 3, 4]);
    assert.deepEqual(await order(0x30), [2, 1, 4, 3]);
  });

  it('crops an image whose rows start on the right', async () => {
    const { data, width, height } = texture(300, 280);
    const pixels = Buffer.from(data);
    for (let i = 0; i < pixels.length; i += 3) pixels.subarray(i, i + 3).reverse();
    const path = await folder.write(
      'crop.tga',
      tga({ type: 2, width, height, bits: 24, flags: 0x30, pixels }),
    );
    const settings = { ...untouched(256, 256), cropMode: 'center' } as const;
    const found = await pixelsOf(path, { ...settings, cropPct: 256 / 280 });
    for (const [x, y] of [
      [0, 0],
      [255, 255],
      [17, 200],
    ] as const) {
      const from = 3 * ((y + 12) * width + (width - 1 - (x + 22)));
      assert.deepEqual(
        [...found.subarray(3 * (y * 256 + x), 3 * (y * 256 + x) + 3)],
        [...data.subarray(from, from + 3)],
      );
    }
  });

  it('reads RGB of 16, 24 and 32 bits, and grey', async () => {
    const size = { width: 1, height: 1 };
    assert.deepEqual(
      await read({ ...size, type: 2, bits: 24, id: 'an id', pixels: Buffer.of(1, 2, 3) }),
      [3, 2, 1],
    );
    assert.deepEqual(
      await read({ ...size, type: 2, bits: 32, flags: 8, pixels: Buffer.of(1, 2, 3, 0) }),
      [3, 2, 1],
    );
    const word = Buffer.of(0x83, 0x78); // 30, 4, 3 of 31, rounded down as in Unpack.c
    assert.deepEqual(await read({ ...size, type: 2, bits: 16, flags: 1, pixels: word }), [246, 32, 24]);
    assert.deepEqual(await read({ ...size, type: 3, bits: 8, pixels: Buffer.of(9) }), [9, 9, 9]);
    assert.deepEqual(
      await read({ ...size, type: 3, bits: 16, flags: 8, pixels: Buffer.of(9, 0) }),
      [9, 9, 9],
    );
  });

  it('reads colour maps of 16, 24 or 32 bits that start at any index', async () => {
    const size = { type: 1, width: 3, height: 1, bits: 8, pixels: Buffer.of(0, 5, 6) };
    const map = (bits: number, ...bytes: number[]) => ({
      first: 5,
      count: 2,
      bits,
      bytes: Buffer.from(bytes),
    });
    const expected = [0, 0, 0, 3, 2, 1, 6, 5, 4];
    assert.deepEqual(await read({ ...size, map: map(24, 1, 2, 3, 4, 5, 6) }), expected);
    assert.deepEqual(await read({ ...size, map: map(32, 1, 2, 3, 0, 4, 5, 6, 0) }), expected);
    assert.deepEqual(
      await read({ ...size, map: map(16, 0x1f, 0, 0, 0x7c) }),
      [0, 0, 0, 0, 0, 255, 255, 0, 0],
    );
    const colours = { type: 2, width: 1, height: 1, bits: 24, pixels: Buffer.of(1, 2, 3) };
    assert.deepEqual(await read({ ...colours, map: map(24, 9, 9, 9, 9, 9, 9) }), [3, 2, 1]);
  });

  it('reads run-length encoding, including runs that cross rows', async () => {
    const pixels = Buffer.of(0x82, 1, 2, 3, 0x02, 4, 4, 4, 5, 5, 5, 6, 6, 6);
    const rows = [3, 2, 1, 3, 2, 1, 3, 2, 1, 4, 4, 4, 5, 5, 5, 6, 6, 6];
    assert.deepEqual(await read({ type: 10, width: 2, height: 3, bits: 24, flags: 0x20, pixels }), rows);
    const grey = { type: 11, width: 4, height: 1, bits: 8, pixels: Buffer.of(0x80, 7, 0x82, 8) };
    assert.deepEqual(await read(grey), [7, 7, 7, ...Array(9).fill(8)]);
    for (const picture of [texture(300, 280), await rasterOf(photo(300, 280))]) {
      const path = await folder.write('runs.tga', tgaOf(picture));
      assert.deepEqual(Buffer.from(await pixelsOf(path, untouched(300, 280))), Buffer.from(picture.data));
    }
  });

  it('distinguishes TGA from cursors and other files', async () => {
    const pixels = Buffer.alloc(12);
    const plain = { type: 2, width: 2, height: 2, bits: 24, pixels };
    await read(plain);
    assert.match((await failure(tga({ ...plain, bits: 23 }))).message, /CUR/);
    for (const odd of [{ flags: 0x40 }, { width: 0 }, { flags: 3 }, { type: 33 }]) {
      assert.notEqual((await failure(tga({ ...plain, id: 'x', ...odd }))).code, 'truncated');
      assert.equal(
        (await failure(tga({ ...plain, id: 'x', ...odd }))).code,
        'unsupported_format',
        `${JSON.stringify(odd)}`,
      );
    }
    await read({ ...plain, flags: 3, footer: true }); // the footer leaves no doubt
  });

  it('reports a file that ends early, and leaves the rest black with --fail-on none', async () => {
    const early = { code: 'truncated', message: 'the TGA file ends early' };
    const plain = tga({
      type: 2,
      width: 2,
      height: 2,
      bits: 24,
      pixels: Buffer.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9),
    });
    assert.deepEqual(await failure(plain), early);
    assert.deepEqual(await failure(plain.subarray(0, 18)), early);
    assert.deepEqual(
      [...(await pixelsOf(await folder.write('cut.tga', plain), { ...untouched(2, 2), failOn: 'none' }))],
      [0, 0, 0, 0, 0, 0, 3, 2, 1, 6, 5, 4],
    );
    const runs = { type: 10, width: 2, height: 2, bits: 24, flags: 0x20 };
    assert.deepEqual(await failure(tga({ ...runs, pixels: Buffer.of(0x80, 1, 2, 3, 0x80, 1, 2) })), early);
    const bomb = { ...runs, width: 16_000, height: 16_000, pixels: Buffer.alloc(4000, 0xff) };
    assert.deepEqual(await failure(tga(bomb)), early);
  });
});
