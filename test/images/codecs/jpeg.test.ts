import assert from 'node:assert/strict';
import sharp from 'sharp';
import { failureOf, meanDifference, photo, pixelsOf, temporaryFolder, untouched } from '../support.js';
import { tiff } from '../tiff.js';
import { exifBlock, xmpPacket } from './exif.js';

describe('JPEG', () => {
  const folder = temporaryFolder();

  const withSegment = (jpeg: Buffer, ...parts: (string | Buffer)[]) => {
    const data = Buffer.concat(parts.map((part) => Buffer.from(part as string)));
    const head = Buffer.from([0xff, 0xe1, (data.byteLength + 2) >> 8, (data.byteLength + 2) & 255]);
    return Buffer.concat([jpeg.subarray(0, 2), head, data, jpeg.subarray(2)]);
  };

  it('follows the same EXIF and XMP orientations as Pillow', async () => {
    const plain = await photo(60, 40).jpeg().toBuffer();
    const upright = await sharp(plain).rotate(90).png().toBuffer();
    const expected = await pixelsOf(await folder.write('upright.png', upright), untouched(40, 60));
    const EXIF = 'Exif\0\0';
    const XMP = 'http://ns.adobe.com/xap/1.0/\0';
    for (const [isTurned, ...segments] of [
      [true, [EXIF, exifBlock(6)]],
      [true, [EXIF, exifBlock(6, { order: 'MM' })]],
      [true, [EXIF, exifBlock(6, { type: 4 })]],
      [false, [EXIF, exifBlock(6, { type: 1 })]], // a BYTE, which Pillow does not take for a number
      [false, [EXIF, exifBlock(0)]],
      [false, [EXIF, exifBlock(9)]],
      [false, [EXIF, exifBlock(0x600)]],
      [true, [XMP, xmpPacket(6)]],
      [true, [XMP, xmpPacket(6, 'element')]],
      [true, [EXIF, exifBlock(6)], [XMP, xmpPacket(3)]],
      [false, [EXIF, exifBlock(1)], [XMP, xmpPacket(6)]],
    ] as const) {
      const jpeg = segments.reduce((file, segment) => withSegment(file, ...segment), plain);
      const path = await folder.write('a.jpg', jpeg);
      for (const autoOrient of [true, false]) {
        const pixels = await pixelsOf(path, { ...untouched(40, 60), autoOrient });
        const difference = meanDifference(pixels, expected);
        assert.equal(difference < 1, isTurned && autoOrient, JSON.stringify(segments));
      }
    }
  });

  it('names variants that no decoder reads instead of calling them damaged', async () => {
    const plain = await photo(60, 40).jpeg().toBuffer();
    const frame = plain.indexOf(Buffer.from([0xff, 0xc0]));
    for (const [what, at, value] of [
      ['12 bits a sample', frame + 4, 12],
      ['lossless', frame + 1, 0xc3],
      ['hierarchical', frame + 1, 0xc5],
      ['JPEG-LS', frame + 1, 0xf7],
    ] as const) {
      const other = Buffer.from(plain);
      other[at] = value;
      assert.deepEqual(await failureOf(await folder.write('a.jpg', other)), {
        code: 'unsupported_format',
        message: `JPEG (${what}) is not supported; convert it to PNG`,
      });
    }
  });

  it("reads CMYK in Adobe's polarity, with and without Adobe's marker", async () => {
    const inks = Buffer.from(Array.from({ length: 64 }, () => [12, 34, 56, 78]).flat());
    const size = { width: 8, height: 8 } as const;
    const bytes = await sharp(tiff({ ...size, bits: 8, samples: inks, channels: 4, photometric: 5 }))
      .pipelineColourspace('cmyk')
      .toColourspace('cmyk')
      .jpeg({ quality: 100, chromaSubsampling: '4:4:4' })
      .toBuffer();
    const marker = bytes.indexOf(Buffer.from([0xff, 0xee]));
    assert.ok(marker > 0);
    const without = Buffer.concat([bytes.subarray(0, marker), bytes.subarray(marker + 16)]);
    for (const jpeg of [bytes, without]) {
      const path = await folder.write('cmyk.jpg', jpeg);
      for (const decode of ['exact', 'near', 'fast'] as const) {
        const [red = 0, green = 0, blue = 0] = await pixelsOf(path, { ...untouched(8, 8), decode });
        // Pillow 12.3 gives 169, 153, 138; its decoder may differ by one.
        for (const [value, expected] of [
          [red, 169],
          [green, 153],
          [blue, 138],
        ] as const)
          assert.ok(Math.abs(value - expected) <= 1, `${decode}: ${[red, green, blue]}`);
      }
    }
  });
});
