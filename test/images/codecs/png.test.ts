import assert from 'node:assert/strict';
import { deflateSync } from 'node:zlib';
import sharp from 'sharp';
import { compressedZeros, pngChunk } from '../hostile.js';
import { pixelsOf, temporaryFolder, untouched } from '../support.js';
import { exifBlock, xmpPacket } from './exif.js';

// Pillow 12.3's ImageOps.exif_transpose turns the same images.

describe('the orientation of a PNG', () => {
  const folder = temporaryFolder();
  const STORED = [10, 20, 30, 40, 50, 60]; // 3 x 2
  const TURNED = [40, 10, 50, 20, 60, 30]; // 2 x 3, clockwise
  const read = async (chunks: { before?: Buffer[]; after?: Buffer[] }, autoOrient = true) => {
    const pixels = Buffer.from(STORED.flatMap((value) => [value, value, value]));
    const plain = await sharp(pixels, { raw: { width: 3, height: 2, channels: 3 } })
      .png()
      .toBuffer();
    const [start, end] = [plain.indexOf('IDAT') - 4, plain.indexOf('IEND') - 4];
    const png = Buffer.concat([
      ...[plain.subarray(0, start), ...(chunks.before ?? []), plain.subarray(start, end)],
      ...[...(chunks.after ?? []), plain.subarray(end)],
    ]);
    const path = await folder.write('a.png', png);
    // Squashing to the size of the turned image changes the pixels of one that is not turned.
    const results = await Promise.all(
      [untouched(2, 3), untouched(3, 2)].map((settings) => pixelsOf(path, { ...settings, autoOrient })),
    );
    const greys = results.map((result) => [...result].filter((_, i) => i % 3 === 0));
    if (greys[0]?.join() === TURNED.join()) return 'turned';
    assert.deepEqual(greys[1], STORED);
    return 'as stored';
  };

  const profile = (exif: Buffer) => {
    const block = Buffer.concat([Buffer.from('Exif\0\0', 'latin1'), exif]);
    const digits = block.toString('hex').replaceAll(/(.{72})/g, '$1\n');
    return Buffer.from(`\nexif\n${String(block.byteLength).padStart(8)}\n${digits}\n`);
  };
  const RAW = 'Raw profile type exif\0';
  const text = (type: string, ...parts: (string | Uint8Array)[]) =>
    pngChunk(type, Buffer.concat(parts.map((part) => Buffer.from(part as string))));

  it('comes from the last eXIf chunk, before or after the pixels', async () => {
    const exif = (orientation: number) => pngChunk('eXIf', exifBlock(orientation));
    assert.equal(await read({ before: [exif(6)] }), 'turned');
    assert.equal(await read({ after: [exif(6)] }), 'turned');
    assert.equal(await read({ before: [exif(3)], after: [exif(6)] }), 'turned');
    assert.equal(await read({ before: [exif(6)], after: [exif(1)] }), 'as stored');
    assert.equal(await read({ after: [exif(6)] }, false), 'as stored');
  });

  it('comes from the text that ImageMagick writes, in each kind of text chunk', async () => {
    const block = profile(exifBlock(6, { order: 'MM' }));
    const compressed = deflateSync(block);
    for (const chunk of [
      text('tEXt', RAW, block),
      text('zTXt', RAW, '\0', compressed),
      text('iTXt', RAW, '\0\0\0\0', block),
      text('iTXt', RAW, '\x01\0en\0Profil\0', compressed),
    ]) {
      assert.equal(await read({ before: [chunk] }), 'turned');
      assert.equal(await read({ after: [chunk] }), 'turned');
      assert.equal(await read({ before: [chunk, pngChunk('eXIf', exifBlock(1))] }), 'as stored');
    }
  });

  it('comes from XMP if EXIF has none', async () => {
    const xmp = text('iTXt', 'XML:com.adobe.xmp\0\0\0\0\0', xmpPacket(6));
    assert.equal(await read({ before: [xmp] }), 'turned');
    assert.equal(await read({ before: [xmp, pngChunk('eXIf', exifBlock(6, { tag: 0x0100 }))] }), 'turned');
    assert.equal(await read({ before: [xmp, pngChunk('eXIf', exifBlock(1))] }), 'as stored');
  });

  it('has no effect if it cannot be read', async () => {
    for (const chunk of [
      text('tEXt', RAW),
      text('tEXt', RAW, '\nexif\n9\nno digits'),
      text('zTXt', RAW, '\0', 'not compressed'),
      text('zTXt', RAW, '\0', compressedZeros(2 ** 32)),
      text('iTXt', RAW, '\x01'),
      pngChunk('eXIf', Buffer.from('II*\0')),
      pngChunk('eXIf', Buffer.alloc(0)),
    ])
      assert.equal(await read({ before: [chunk] }), 'as stored');
  });
});
