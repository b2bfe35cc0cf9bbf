import assert from 'node:assert/strict';
import { failureOf, HALONET, pixelsOf, temporaryFolder, texture, untouched } from '../support.js';
import { type Bitmap, bmp, bmpOf, dib } from './bitmaps.js';

const RED = [255, 0, 0];
const GREEN = [0, 255, 0];
const BLUE = [0, 0, 255];
const BLACK = [0, 0, 0];
const FOUR = Buffer.from([...BLACK, 0, 0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0, 0]); // black, red, green, blue, as BGRX

describe('BMP', () => {
  const folder = temporaryFolder();
  const pixelsOfFile = async (bytes: Buffer, width: number, height: number) => [
    ...(await pixelsOf(await folder.write('image.bmp', bytes), untouched(width, height))),
  ];
  const read = (bitmap: Bitmap) => pixelsOfFile(bmp(bitmap), bitmap.width, Math.abs(bitmap.height));
  const refused = async (bytes: Buffer, settings = HALONET) =>
    failureOf(await folder.write('refused.bmp', bytes), settings);
  const words = (...values: number[]) => {
    const bytes = Buffer.alloc(4 * Math.ceil(values.length / 2));
    for (const [i, value] of values.entries()) bytes.writeUInt16LE(value, 2 * i);
    return bytes;
  };
  const masks = (...values: number[]) => Buffer.from(Uint32Array.from(values).buffer);

  it('reads padded rows, bottom-up or top-down', async () => {
    const pixels = Buffer.from([1, 2, 3, 4, 5, 6, 99, 99, 7, 8, 9, 10, 11, 12, 99, 99]);
    const [first, second] = [
      [3, 2, 1, 6, 5, 4],
      [9, 8, 7, 12, 11, 10],
    ];
    assert.deepEqual(await read({ width: 2, height: 2, pixels }), [...second, ...first]);
    assert.deepEqual(await read({ width: 2, height: -2, pixels }), [...first, ...second]);
    const whole = texture(300, 280);
    assert.deepEqual(await pixelsOfFile(bmpOf(whole), 300, 280), [...whole.data]);
  });

  it('reads palette indices of 1, 4 and 8 bits', async () => {
    const bw = Buffer.from([10, 20, 30, 0, 40, 50, 60, 0]);
    const bits = Array.from({ length: 17 }, (_, i) =>
      (0b10110010_01111000 >> (15 - i)) & 1 || i === 16 ? [60, 50, 40] : [30, 20, 10],
    );
    const pixels = Buffer.of(0b10110010, 0b01111000, 0x80, 0);
    assert.deepEqual(await read({ width: 17, height: 1, bits: 1, palette: bw, pixels }), bits.flat());
    const palette = Buffer.concat([FOUR, Buffer.alloc(4 * 12)]);
    const nibbles = { width: 3, height: 1, bits: 4, palette, pixels: Buffer.of(0x12, 0x3f, 0, 0) };
    assert.deepEqual(await read(nibbles), [...RED, ...GREEN, ...BLUE]);
    const all = Buffer.concat([FOUR, Buffer.alloc(4 * 252)]);
    const bytes = { width: 4, height: 1, bits: 8, palette: all, pixels: Buffer.of(3, 2, 1, 0) };
    assert.deepEqual(await read(bytes), [...BLUE, ...GREEN, ...RED, ...BLACK]);
  });

  it('makes indices beyond a short palette black', async () => {
    const bitmap = {
      width: 4,
      height: 1,
      bits: 8,
      colours: 4,
      palette: FOUR,
      pixels: Buffer.of(3, 4, 200, 1),
    };
    assert.deepEqual(await read(bitmap), [...BLUE, ...BLACK, ...BLACK, ...RED]);
  });

  it('reads 8-bit black and white, which Pillow treats as 1-bit', async () => {
    const palette = Buffer.of(0, 0, 0, 0, 255, 255, 255, 0);
    const bitmap = { width: 4, height: 1, bits: 8, colours: 2, palette, pixels: Buffer.of(1, 0, 0, 1) };
    assert.deepEqual(
      await read(bitmap),
      [1, 0, 0, 1].flatMap((bit) => Array(3).fill(255 * bit)),
    );
  });

  it("scales channels of 5 and 6 bits as Pillow's Unpack.c does", async () => {
    const values = [0x7fff, (1 << 10) | (2 << 5) | 3, 0x8000 | (30 << 10)];
    const five = [255, 255, 255, 8, 16, 24, 246, 0, 0]; // floor(n * 255 / 31)
    assert.deepEqual(await read({ width: 3, height: 1, bits: 16, pixels: words(...values) }), five);
    const layout = { bits: 16, compression: 3, palette: masks(0x7c00, 0x3e0, 0x1f) };
    assert.deepEqual(await read({ width: 3, height: 1, ...layout, pixels: words(...values) }), five);
    const six = words((1 << 11) | (63 << 5) | 2, (31 << 11) | (1 << 5));
    const wide = { bits: 16, compression: 3, palette: masks(0xf800, 0x7e0, 0x1f) };
    assert.deepEqual(await read({ width: 2, height: 1, ...wide, pixels: six }), [8, 255, 16, 255, 4, 0]);
  });

  it('orders bytes by the masks, and drops alpha', async () => {
    const pixels = Buffer.of(1, 2, 3, 4, 5, 6, 7, 8);
    const size = { width: 2, height: 1, bits: 32, pixels };
    assert.deepEqual(await read(size), [3, 2, 1, 7, 6, 5]);
    const ordered = (...values: number[]) => read({ ...size, compression: 3, palette: masks(...values) });
    assert.deepEqual(await ordered(0xff0000, 0xff00, 0xff), [3, 2, 1, 7, 6, 5]);
    assert.deepEqual(await ordered(0xff000000, 0xff0000, 0xff00), [4, 3, 2, 8, 7, 6]);
    assert.deepEqual(await ordered(0, 0, 0), [3, 2, 1, 7, 6, 5]);
    const header = { headerBytes: 56, more: masks(0xff, 0xff00, 0xff0000, 0xff000000), compression: 3 };
    assert.deepEqual(await read({ ...size, ...header }), [1, 2, 3, 5, 6, 7]);
  });

  it('reads OS/2 headers, versions 4 and 5, and bitmaps without a file header', async () => {
    const pixels = Buffer.of(1, 2, 3, 0);
    for (const headerBytes of [12, 40, 52, 56, 64, 108, 124]) {
      const more = Buffer.alloc(Math.max(0, headerBytes - 40));
      assert.deepEqual(await read({ width: 1, height: 1, headerBytes, more, pixels }), [3, 2, 1]);
    }
    const palette = Buffer.concat([Buffer.of(1, 2, 3, 4, 5, 6), Buffer.alloc(3 * 254)]);
    const core = { width: 2, height: 1, bits: 8, headerBytes: 12, palette, pixels: Buffer.of(1, 0, 0, 0) };
    assert.deepEqual(await read(core), [6, 5, 4, 3, 2, 1]);
    const bare = dib({ width: 1, height: 1, pixels });
    assert.deepEqual(await pixelsOfFile(bare, 1, 1), [3, 2, 1]);
  });

  it('finds pixels at the given offset, or after the palette if it is 0 or omits the palette', async () => {
    const pixels = Buffer.of(1, 2, 3, 0);
    const gap = { width: 1, height: 1, palette: Buffer.from('gap'), pixels };
    assert.deepEqual(await read(gap), [3, 2, 1]);
    assert.deepEqual(await read({ width: 1, height: 1, pixels, pixelsAt: 0 }), [3, 2, 1]);
    const palette = Buffer.concat([FOUR, Buffer.alloc(4 * 252)]);
    const indexed = { width: 1, height: 1, bits: 8, palette, pixels: Buffer.of(2, 0, 0, 0), pixelsAt: 54 };
    assert.deepEqual(await read(indexed), GREEN);
  });

  it('decodes run-length encoded rows', async () => {
    const palette = Buffer.concat([FOUR, Buffer.alloc(4 * 252)]);
    const rle8 = { width: 4, height: -2, bits: 8, compression: 1, palette };
    // A run; literals, padded to 16 bits; the end of a row; a run longer than its row; the end.
    const pixels = Buffer.of(1, 1, 0, 3, 2, 3, 1, 0, 0, 0, 9, 2, 0, 1);
    const rows = [...RED, ...GREEN, ...BLUE, ...RED, ...GREEN, ...GREEN, ...GREEN, ...GREEN];
    assert.deepEqual(await read({ ...rle8, pixels }), rows);
    const rle4 = { width: 4, height: -2, bits: 4, compression: 2, palette: palette.subarray(0, 64) };
    // An odd number of literals, of which Pillow loses the last.
    const fours = Buffer.of(1, 0x10, 0, 3, 0x23, 0x10, 0, 0, 9, 0x22, 0, 1);
    assert.deepEqual(await read({ ...rle4, pixels: fours }), rows);
    const turns = Buffer.of(4, 0x12, 0, 0, 4, 0x30, 0, 1);
    const alternate = [...RED, ...GREEN, ...RED, ...GREEN, ...BLUE, ...BLACK, ...BLUE, ...BLACK];
    assert.deepEqual(await read({ ...rle4, pixels: turns }), alternate);
  });

  it('uses colour 0 where runs skip pixels or end early', async () => {
    const palette = Buffer.concat([Buffer.of(7, 7, 7, 0), FOUR.subarray(4), Buffer.alloc(4 * 252)]);
    const rle8 = { width: 3, height: -3, bits: 8, compression: 1, palette };
    const grey = [7, 7, 7];
    const delta = Buffer.of(1, 1, 0, 2, 1, 1, 1, 2, 0, 0, 3, 3, 0, 1);
    assert.deepEqual(await read({ ...rle8, pixels: delta }), [
      ...[...RED, ...grey, ...grey],
      ...[...grey, ...grey, ...GREEN],
      ...[...BLUE, ...BLUE, ...BLUE],
    ]);
    const early = Buffer.of(2, 1, 0, 0, 0, 0, 1, 2, 0, 1);
    assert.deepEqual(await read({ ...rle8, pixels: early }), [
      ...[...RED, ...RED, ...grey],
      ...[...grey, ...grey, ...grey],
      ...[...GREEN, ...grey, ...grey],
    ]);
  });

  it('handles long skips in large images', async () => {
    const palette = Buffer.concat([FOUR, Buffer.alloc(4 * 252)]);
    // One code skips 9 pixels and 255 rows; then come 44 ends of rows.
    const pixels = Buffer.concat([
      Buffer.of(0, 2, 9, 255, 1, 1),
      Buffer.alloc(2 * 44),
      Buffer.of(255, 2, 0, 1),
    ]);
    const rgb = await read({ width: 1000, height: -300, bits: 8, compression: 1, palette, pixels });
    const at = (x: number, y: number) => rgb.slice(3 * (1000 * y + x), 3 * (1000 * y + x) + 3);
    assert.deepEqual(
      [at(8, 255), at(9, 255), at(10, 255), at(0, 299), at(254, 299), at(255, 299)],
      [BLACK, RED, BLACK, GREEN, GREEN, BLACK],
    );
    assert.equal(rgb.filter((value) => value > 0).length, 256);
  });

  it('crops each row to the columns that are kept', async () => {
    const { data } = texture(300, 280);
    const settings = { ...untouched(255, 255), cropMode: 'center' } as const;
    const pixels = await pixelsOf(
      await folder.write('crop.bmp', bmpOf({ data, width: 300, height: 255 })),
      settings,
    );
    for (let y = 0; y < 255; y++) {
      const from = 3 * (300 * y + 22); // (300 - 255) / 2 = 22.5, rounded to even
      assert.deepEqual(pixels.subarray(765 * y, 765 * (y + 1)), data.subarray(from, from + 765), `row ${y}`);
    }
  });

  it('reports a file that ends early, and leaves the rest black with --fail-on none', async () => {
    const whole = bmp({ width: 1, height: -2, pixels: Buffer.of(1, 2, 3, 0, 4, 5, 6, 0) });
    const without = await folder.write('unpadded.bmp', whole.subarray(0, -1)); // Pillow needs no padding either
    assert.deepEqual([...(await pixelsOf(without, untouched(1, 2)))], [3, 2, 1, 6, 5, 4]);
    for (const length of [3, 20, 53, 54, 60]) {
      assert.deepEqual(await refused(whole.subarray(0, length)), {
        code: 'truncated',
        message: 'the BMP file ends early',
      });
    }
    const cut = await folder.write('cut.bmp', whole.subarray(0, 60));
    const pixels = await pixelsOf(cut, { ...untouched(1, 2), failOn: 'none' });
    assert.deepEqual([...pixels], [3, 2, 1, 0, 0, 0]);
    const palette = Buffer.concat([FOUR, Buffer.alloc(4 * 252)]);
    const coded = bmp({
      width: 4,
      height: 4,
      bits: 8,
      compression: 1,
      palette,
      pixels: Buffer.of(4, 1, 0, 0, 4),
    });
    assert.equal((await refused(coded)).code, 'truncated');
    await pixelsOf(await folder.write('cut.bmp', coded), { ...untouched(4, 4), failOn: 'none' });
  });

  it('rejects variants that Pillow does not read, images without pixels, and sizes beyond the limit', async () => {
    const pixels = Buffer.alloc(64);
    const unsupported: readonly (readonly [Bitmap, string])[] = [
      [{ width: 2, height: 2, headerBytes: 16, pixels }, 'BMP with a header of 16 bytes'],
      [{ width: 2, height: 2, bits: 2, pixels }, 'BMP of 2 bits a pixel'],
      [{ width: 2, height: 2, compression: 4, pixels }, 'BMP of 24 bits a pixel with compression 4'],
      [{ width: 2, height: 2, bits: 4, compression: 1, pixels }, 'BMP of 4 bits a pixel with compression 1'],
      [
        { width: 2, height: 2, bits: 32, compression: 3, palette: masks(0x3ff00000, 0xffc00, 0x3ff), pixels },
        'BMP of 32 bits a pixel with the masks 3ff00000, ffc00, 3ff',
      ],
    ];
    for (const [bitmap, what] of unsupported) {
      assert.deepEqual(await refused(bmp(bitmap)), {
        code: 'unsupported_format',
        message: `${what} is not supported; convert it to PNG`,
      });
    }
    assert.deepEqual(await refused(bmp({ width: 0, height: 2, pixels })), {
      code: 'decode_failed',
      message: 'the BMP says that it has 0 x 2 pixels',
    });
    assert.equal((await refused(bmp({ width: 2 ** 31, height: -(2 ** 31), pixels }))).code, 'too_large');
    const palette = Buffer.alloc(1024);
    const bomb = { width: 16_000, height: 16_000, bits: 8, compression: 1, palette, pixels };
    assert.equal((await refused(bmp(bomb), { ...HALONET, maxPixels: 255_999_999 })).code, 'too_large');
  });
});
