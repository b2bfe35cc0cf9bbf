import assert from 'node:assert/strict';
import type { Decode } from '../../../src/images/geometry.js';
import { failureOf, pixelsOf, temporaryFolder, untouched } from '../support.js';
import { type TiffTag, tiffFile, tiffTags } from './tiff-file.js';

type Image = Parameters<typeof tiffTags>[0] & { readonly order?: 'II' | 'MM' };

/** A TIFF of one strip. */
function strip(image: Image, data: Uint8Array): Buffer {
  const tags: TiffTag[] = [...tiffTags(image), [278, [image.height]]];
  return tiffFile({ tags, offsets: 273, parts: [data], order: image.order ?? 'II' });
}

describe('TIFF', () => {
  const folder = temporaryFolder();
  const read = async (bytes: Uint8Array, width: number, height: number, decode: Decode = 'exact') => [
    ...(await pixelsOf(await folder.write('a.tif', bytes), { ...untouched(width, height), decode })),
  ];
  const failure = async (bytes: Uint8Array) => failureOf(await folder.write('a.tif', bytes));

  // Pillow 12.3 gives these colours: MULDIV255 of each ink and the inverse of black, using the high byte of 16 bits.
  const INKS = [255, 0, 0, 0, 0, 0, 103, 55, 255, 255, 255, 255, 12, 34, 56, 78];
  const COLOURS = [0, 255, 255, 200, 200, 119, 0, 0, 0, 169, 153, 138];

  it('converts CMYK of 8 or 16 bits in both byte orders, in every decode mode', async () => {
    for (const order of ['II', 'MM'] as const) {
      for (const bits of [8, 16]) {
        const data = samples(INKS, bits, order);
        const bytes = strip({ width: 4, height: 1, bits, samples: 4, photometric: 5, order }, data);
        for (const decode of ['exact', 'near', 'fast'] as const)
          assert.deepEqual(await read(bytes, 4, 1, decode), COLOURS, `${order} ${bits} ${decode}`);
      }
    }
  });

  it('drops a fifth channel next to CMYK, whether spot colour or alpha', async () => {
    for (const extra of [0, 1, 2]) {
      for (const bits of [8, 16]) {
        const five = INKS.flatMap((ink, i) => (i % 4 === 3 ? [ink, 255] : [ink]));
        const data = samples(five, bits, 'MM');
        const more: TiffTag[] = [[338, [extra], 3]];
        const kind = { bits, samples: 5, photometric: 5, more, order: 'MM' } as const;
        assert.deepEqual(await read(strip({ width: 4, height: 1, ...kind }, data), 4, 1), COLOURS);
      }
    }
  });

  it('drops the alpha channel of a grey image', async () => {
    const more: TiffTag[] = [[338, [2], 3]];
    const bytes = strip(
      { width: 2, height: 1, samples: 2, photometric: 1, more },
      Buffer.from([50, 0, 200, 99]),
    );
    assert.deepEqual(await read(bytes, 2, 1), [50, 50, 50, 200, 200, 200]);
  });

  it('rejects samples that are not named as colours, although libvips would use the first', async () => {
    for (const bits of [8, 16]) {
      for (const [count, extra] of [
        [2, undefined],
        [2, 0],
        [3, undefined],
        [4, undefined],
        [4, 0],
      ] as const) {
        const more: TiffTag[] = extra === undefined ? [] : [[338, Array<number>(count - 1).fill(extra), 3]];
        const image = { width: 4, height: 4, bits, samples: count, photometric: 1, more };
        const { code, message } = await failure(strip(image, Buffer.alloc(16 * count * (bits / 8))));
        assert.equal(code, 'unsupported_format');
        assert.match(
          message,
          new RegExp(`^TIFF of ${count} samples a pixel, none of them named as a colour`),
        );
      }
    }
  });

  it('names unsupported variants instead of calling them damaged', async () => {
    const kinds: readonly (readonly [what: string, Partial<Image>])[] = [
      ['of 12 bits a sample', { bits: 12, photometric: 1, samples: 1 }],
      ['of 4 bits a sample', { bits: 4 }],
      ['of CIELab colours', { photometric: 8 }],
      ['of LogLuv colours', { photometric: 32_845 }],
      ['of photometric interpretation 999', { photometric: 999 }],
      // Read as RGB, it would have the wrong colours.
      ['of YCbCr colours that are not compressed by JPEG', { photometric: 6 }],
      ['of 6 samples a pixel', { samples: 6 }],
      ['compressed by WebP', { compression: 50_001 }],
      ['compressed by LZMA', { compression: 34_925 }],
      ['compressed by old-style JPEG', { compression: 6, photometric: 6 }],
      ['compressed by codec 12345', { compression: 12_345 }],
    ];
    for (const [what, kind] of kinds) {
      const image = { width: 16, height: 16, ...kind };
      const tags: TiffTag[] = [...tiffTags(image), [322, [16]], [323, [16]]];
      const tiles = tiffFile({ tags, offsets: 324, parts: [Buffer.alloc(1536)] });
      for (const bytes of [strip(image, Buffer.alloc(1536)), tiles]) {
        const { code, message } = await failure(bytes);
        assert.equal(code, 'unsupported_format', what);
        assert.ok(message.startsWith(`TIFF ${what} is not supported; `), message);
      }
    }
  });

  it('turns upright even without auto-orient, as Pillow does', async () => {
    const more: TiffTag[] = [[274, [6], 3]];
    const data = Buffer.from([10, 20, 30, 40, 50, 60]);
    const bytes = strip({ width: 3, height: 2, samples: 1, photometric: 1, more }, data);
    const path = await folder.write('side.tif', bytes);
    for (const autoOrient of [false, true]) {
      const pixels = await pixelsOf(path, { ...untouched(2, 3), autoOrient });
      assert.deepEqual(
        [...pixels].filter((_, i) => i % 3 === 0),
        [40, 10, 50, 20, 60, 30],
      );
    }
  });

  it('ignores orientations that are out of range or that Pillow does not take for numbers', async () => {
    const data = Buffer.from([10, 20, 30, 40, 50, 60]);
    for (const order of ['II', 'MM'] as const) {
      for (const field of [
        [274, [0], 3],
        [274, [9], 3],
        [274, [6], 1],
      ] as TiffTag[]) {
        const image = { width: 3, height: 2, samples: 1, photometric: 1, more: [field], order };
        const pixels = await read(strip(image, data), 3, 2);
        assert.deepEqual(
          pixels.filter((_, i) => i % 3 === 0),
          [...data],
        );
      }
    }
  });
});

/** Samples of 8 or 16 bits. Of 16, only the high byte counts; the low one is 0x7f. */
function samples(values: readonly number[], bits: number, order: 'II' | 'MM'): Buffer {
  if (bits === 8) return Buffer.from(values);
  return Buffer.from(values.flatMap((value) => (order === 'II' ? [0x7f, value] : [value, 0x7f])));
}
