import assert from 'node:assert/strict';
import { Budget, BudgetExceeded } from '../../src/images/budget.js';
import { jpegMarkers } from '../../src/images/jpeg-markers.js';
import { isLaboriousFile } from '../../src/images/laborious.js';
import { pngChunks } from '../../src/images/png-chunks.js';
import { tiffDirectories } from '../../src/images/tiff-directories.js';
import { endsEarly } from '../../src/images/truncation.js';
import {
  emptyChunksPng,
  emptySegmentsJpeg,
  fillBytesJpeg,
  repeated,
  repeatedTagTiff,
  selfLeadingBigTiff,
  tiledTiff,
  unknownTagsTiff,
} from './endless.js';
import { chainedTiff } from './hostile.js';
import { imageFile, PHOTOS, photo, pixelsOf, temporaryFolder, untouched } from './support.js';

const STEPS = 1000;

/** Runs a parser to its end on a budget of STEPS. Stops after that many results if it ignores the budget. */
function parse(parser: (file: Buffer, budget: Budget) => Iterable<unknown>, file: Buffer): void {
  let taken = 0;
  for (const _ of parser(file, new Budget(STEPS))) if (++taken > STEPS) return;
}

describe('a container parser', () => {
  it('throws when its budget of steps is spent', async () => {
    const jpeg = await photo(8, 8).jpeg().toBuffer();
    const endless = [
      [tiffDirectories, selfLeadingBigTiff(2)],
      [tiffDirectories, selfLeadingBigTiff(2 * STEPS)],
      [tiffDirectories, chainedTiff(STEPS)],
      [jpegMarkers, fillBytesJpeg(2 * STEPS)],
      [jpegMarkers, emptySegmentsJpeg(jpeg, 2 * STEPS, 'first')],
      [jpegMarkers, Buffer.concat([jpeg.subarray(0, -2), repeated('\xff\0', 2 * STEPS)])],
      [pngChunks, emptyChunksPng(2 * STEPS)],
    ] as const;
    for (const [parser, file] of endless) assert.throws(() => parse(parser, file), BudgetExceeded);
    for (const [parser, file] of [
      [tiffDirectories, chainedTiff(20)],
      [jpegMarkers, jpeg],
      [pngChunks, emptyChunksPng(STEPS - 10)],
    ] as const)
      parse(parser, file);
  });

  it('reads a list of numbers only if its budget covers all of it', () => {
    const file = repeatedTagTiff(300, STEPS);
    const read = (steps: number) => {
      const [directory] = tiffDirectories(file, new Budget(steps));
      return directory?.numbers(273).length;
    };
    assert.throws(() => read(1200), BudgetExceeded);
    assert.equal(read(1301), STEPS); // the directory, its fields, and the values once
  });

  it('reads the lists of 100,000 tiles', async () => {
    const file = tiledTiff(400, 250);
    const [directory] = tiffDirectories(file, new Budget(1_000_000));
    assert.equal(directory?.numbers(324).length, 100_000);
    assert.deepEqual(directory?.numbers(325).slice(-2), [256, 256]);
    assert.deepEqual([isLaboriousFile(file), endsEarly(file)], [false, false]);
    assert.equal(endsEarly(file.subarray(0, -1)), true);
  });

  it('reads eight-byte numbers in both byte orders', () => {
    for (const order of ['LE', 'BE'] as const) {
      const file = Buffer.alloc(16 + 8 + 20 + 8 + 16);
      file.write(order === 'LE' ? 'II' : 'MM', 'latin1');
      const [u16, u64] =
        order === 'LE'
          ? (['writeUInt16LE', 'writeBigUInt64LE'] as const)
          : (['writeUInt16BE', 'writeBigUInt64BE'] as const);
      for (const [value, at] of [
        [43, 2],
        [8, 4],
        [273, 24],
        [16, 26],
      ] as const)
        file[u16](value, at);
      for (const [value, at] of [
        [16n, 8],
        [1n, 16],
        [2n, 28],
        [52n, 36],
        [0n, 44],
        [0x1_0203_0405n, 52],
        [7n, 60],
      ] as const)
        file[u64](value, at);
      const [directory] = tiffDirectories(file, new Budget(10));
      assert.deepEqual(directory?.numbers(273), [0x1_0203_0405, 7]);
      assert.deepEqual(directory?.numbers(279), []);
    }
  });
});

describe('isLaboriousFile', () => {
  it('detects files whose parts would keep a decoder busy', async () => {
    const jpeg = await photo(8, 8).jpeg().toBuffer();
    const progressive = await photo(8, 8).jpeg({ progressive: true }).toBuffer();
    const [first] = tiffDirectories(unknownTagsTiff(1), new Budget(100));
    assert.equal(first?.fields, 10);
    const laborious = {
      'a directory that leads to itself': selfLeadingBigTiff(2),
      'many fields': unknownTagsTiff(600),
      'many fields in all': unknownTagsTiff(400, { next: 8 }), // in far fewer than 1000 directories
      'values of many bytes': unknownTagsTiff(100, { bytes: 2 ** 20 }),
      'values beyond the end, before many directories': unknownTagsTiff(0, { next: 8 }).fill(
        0x7f,
        10 + 12 * 8 + 4,
        10 + 12 * 8 + 7,
      ),
      'many chunks': emptyChunksPng(20_000),
      'many segments': emptySegmentsJpeg(jpeg, 5000, 'first'),
      'many segments between scans': emptySegmentsJpeg(progressive, 2 ** 22, 'last'),
    };
    for (const [what, file] of Object.entries(laborious)) assert.equal(isLaboriousFile(file), true, what);
  });

  it('does not flag files that decode fast', async () => {
    const image = imageFile(`${PHOTOS}/chelsea.jpg`);
    const honest = [
      await image.clone().jpeg({ progressive: true }).keepMetadata().toBuffer(),
      await image.clone().png({ progressive: true }).toBuffer(),
      await image.clone().tiff({ tile: true, pyramid: true, tileWidth: 16, tileHeight: 16 }).toBuffer(),
      await image.clone().webp().toBuffer(),
      await image.clone().gif().toBuffer(),
      chainedTiff(900),
      emptySegmentsJpeg(await image.clone().jpeg().toBuffer(), 2 ** 22, 'last'), // after the only scan
    ];
    for (const file of honest) assert.equal(isLaboriousFile(file), false);
  });
});

describe('endsEarly', () => {
  const MANY = 1_100_000;

  it('detects truncated files with many parts', async () => {
    const jpeg = await photo(8, 8).jpeg().toBuffer();
    const parts = 10_000;
    assert.equal(endsEarly(emptySegmentsJpeg(jpeg, parts, 'last').subarray(0, -2)), true);
    assert.equal(endsEarly(emptyChunksPng(parts).subarray(0, -12)), true);
    assert.equal(endsEarly(commentGif(parts)), true);
    assert.equal(endsEarly(boxes(parts, 1)), true);
  });

  it('gives up on files with more than a million parts', () => {
    for (const file of [
      fillBytesJpeg(MANY),
      emptyChunksPng(MANY).subarray(0, -12),
      commentGif(MANY),
      boxes(MANY, 1),
    ])
      assert.equal(endsEarly(file), false);
    assert.equal(endsEarly(repeatedTagTiff(300, MANY)), false);
  });
});

describe('a TIFF with 100,000 tiles', () => {
  const folder = temporaryFolder();

  it('decodes in full', async () => {
    const path = await folder.write('tiles.tif', tiledTiff(400, 250));
    const pixels = await pixelsOf(path, untouched(6400, 4000));
    assert.ok(pixels.every((value) => value === 0x80));
  });
});

/** A GIF that is one comment in blocks of one byte, without an end. */
function commentGif(blocks: number): Buffer {
  return Buffer.concat([
    Buffer.from('GIF89a\x01\0\x01\0\0\0\0\x21\xfe', 'latin1'),
    repeated('\x01', 2 * blocks),
  ]);
}

/** An AVIF of empty boxes, followed by bytes that are not a box. */
function boxes(count: number, rest: number): Buffer {
  const type = Buffer.from('\0\0\0\x10ftypavif\0\0\0\0', 'latin1');
  return Buffer.concat([type, repeated('\0\0\0\x08free', count), Buffer.alloc(rest)]);
}
