import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { failureOf, HALONET, pixelsOf, temporaryFolder, untouched } from '../support.js';

const FILES = 'fixtures/codecs'; // made by make.py there
const SIZE = untouched(30, 20);

/** Applies a function to each pixel that make.py draws. */
function pixels(colour: (red: number, green: number, blue: number) => readonly number[]): number[] {
  return Array.from({ length: 600 }, (_, i) => {
    const [x, y] = [i % 30, Math.floor(i / 30)];
    return colour((x * 37 + y * 11) % 256, (x * 5 + y * 7) % 256, (y * 3) % 256);
  }).flat();
}

describe('JPEG 2000', () => {
  const folder = temporaryFolder();
  const read = async (name: string) => [...(await pixelsOf(`${FILES}/${name}`, SIZE))];
  const refused = async (bytes: Buffer, settings = HALONET) =>
    failureOf(await folder.write('refused.jp2', bytes), settings);

  it('reads RGB from files, codestreams and tiles', async () => {
    const rgb = pixels((...colour) => colour);
    for (const name of ['rgb.jp2', 'rgb.j2k', 'tiles.jp2']) assert.deepEqual(await read(name), rgb, name);
  });

  it('reads grey and palettes', async () => {
    assert.deepEqual(
      await read('grey.jp2'),
      pixels((value) => [value, value, value]),
    );
    const palette = [
      [1, 2, 3],
      [250, 100, 0],
      [0, 200, 7],
      [9, 9, 255],
    ];
    assert.deepEqual(
      await read('palette.jp2'),
      pixels((value) => palette[value % 4] ?? []),
    );
  });

  it('rounds other bit depths to 8 bits as Jpeg2KDecode.c does, but keeps white white', async () => {
    // v is stored as 257 v and rounded to 8 bits. 255 would become 256: Pillow wraps it to 0, halonet keeps 255.
    assert.deepEqual(
      await read('rgb16.j2k'),
      pixels((...colour) => colour.map((v) => Math.min(255, (257 * v + 128) >> 8))),
    );
    const grey = (value: number) => [value, value, value];
    assert.deepEqual(
      await read('grey12.j2k'),
      pixels((v) => grey(Math.min(255, v + 1))),
    ); // 16 v + 15
    assert.deepEqual(
      await read('grey4.j2k'),
      pixels((v) => grey((v >> 4) << 4)),
    );
  });

  it('reads the part that a crop keeps', async () => {
    const settings = { ...untouched(10, 10), cropPct: 0.5, cropMode: 'center' } as const;
    const rows = pixels((...colour) => colour);
    const found = [...(await pixelsOf(`${FILES}/rgb.jp2`, settings))];
    const expected = Array.from({ length: 10 }, (_, y) =>
      rows.slice(3 * ((y + 5) * 30 + 10), 3 * ((y + 5) * 30 + 20)),
    );
    assert.deepEqual(found, expected.flat());
  });

  it('rejects files for which OpenJPEG or its wrapper would give other pixels than Pillow', async () => {
    const codestream = await readFile(`${FILES}/rgb.j2k`);
    const changed = (at: number, value: number) => {
      const bytes = Buffer.from(codestream);
      bytes[at] = value;
      return bytes;
    };
    const file = await readFile(`${FILES}/rgb.jp2`);
    const sycc = Buffer.from(file);
    sycc[sycc.indexOf('colr') + 10] = 18;
    const odd: readonly (readonly [Buffer, string])[] = [
      [await readFile(`${FILES}/alpha.jp2`), 'of 4 components'],
      [await readFile(`${FILES}/signed.j2k`), 'with signed samples'],
      [changed(43, 2), 'with subsampled colours'],
      [changed(42, 8), 'with samples of different depths'],
      [changed(42, 31), 'of 32 bits a sample'],
      [sycc, 'in colour space 18'],
    ];
    for (const [bytes, what] of odd) {
      assert.deepEqual(await refused(bytes), {
        code: 'unsupported_format',
        message: `JPEG 2000 ${what} is not supported; convert it to PNG`,
      });
    }
  });

  it('reports files that end early, are damaged or too large', async () => {
    for (const name of ['rgb.jp2', 'rgb.j2k', 'tiles.jp2']) {
      const bytes = await readFile(`${FILES}/${name}`);
      const tile = bytes.indexOf(Buffer.from('ff90', 'hex'));
      for (const length of [12, 40, 100, tile + 6, bytes.length >> 1, bytes.length - 2]) {
        const failure = await refused(bytes.subarray(0, length));
        assert.deepEqual(
          failure,
          { code: 'truncated', message: 'the JPEG 2000 file ends early' },
          `${length} of ${name}`,
        );
      }
    }
    const bytes = await readFile(`${FILES}/rgb.j2k`);
    assert.equal((await refused(bytes, { ...HALONET, maxPixels: 599 })).code, 'too_large');
    const large = Buffer.from(bytes);
    large.writeUInt32BE(0xffff_ffff, 8);
    large.writeUInt32BE(0xffff_ffff, 12);
    assert.equal((await refused(large)).code, 'too_large');
    const none = Buffer.from(bytes);
    none.writeUInt32BE(0, 8);
    assert.deepEqual(await refused(none), {
      code: 'decode_failed',
      message: 'the header of this JPEG 2000 file is damaged',
    });
    const other = Buffer.from(bytes).fill(0xff, bytes.indexOf(Buffer.from('ff52', 'hex')) + 2, 130);
    assert.equal((await refused(other)).code, 'decode_failed');
    // A damaged file does not affect the next one.
    assert.deepEqual(
      await read('rgb.j2k'),
      pixels((...colour) => colour),
    );
  });
});
