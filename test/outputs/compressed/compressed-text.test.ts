import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as zlib from 'node:zlib';
import { FormatError } from '../../../src/errors.js';
import { compressed } from '../../../src/outputs/compressed/compressed-text.js';
import type { Compression } from '../../../src/outputs/compressed/compression.js';
import { gzip } from '../../../src/outputs/compressed/gzip.js';
import { zstd } from '../../../src/outputs/compressed/zstd.js';
import { embedLayout } from '../../../src/outputs/embed-layout.js';
import { FORMATS } from '../../../src/outputs/formats/registry.js';
import { type OutputLayout, textFile } from '../../../src/outputs/layout.js';
import { unzstd } from '../../../src/zstd/unzstd.js';
import { blocksOf, packed, packingOf, rowBytes, unpacked } from '../../support/packing-of.js';
import { failed, float32, inFolder, ok } from '../scratch.js';

const FEATURES = 64;
const ROWS = Array.from({ length: 50 }, (_, i) =>
  i % 7 === 3
    ? failed(`bad ${i}.jpg`)
    : ok(`${i}, "é".jpg`, { embedding: float32(Array.from({ length: FEATURES }, (_, j) => (i * j) / 97)) }),
);

function layoutOf(name: 'csv' | 'jsonl', compression: Compression, block = { rows: 8, textBytes: 5000 }) {
  const plain = embedLayout({ format: FORMATS[name], shape: [FEATURES], dtype: 'float32' });
  return compressed(plain, compression, block);
}

function textOf(layout: OutputLayout, rows = ROWS): Buffer {
  const file = textFile(layout);
  return Buffer.concat([file.header, ...rowBytes(file, rows)]);
}

function unzstdAll(bytes: Buffer): Buffer {
  const output = Buffer.alloc(2 ** 23);
  return output.subarray(0, unzstd(bytes, output));
}

/** The decompressors of Node that read files of several parts. */
const READERS: Readonly<Record<string, readonly ((bytes: Buffer) => Buffer)[]>> = {
  gzip: [zlib.gunzipSync],
  zstd: [unzstdAll, ...('zstdDecompressSync' in zlib ? [zlib.zstdDecompressSync as typeof unzstdAll] : [])],
};

for (const compression of [gzip, zstd]) {
  describe(`text compressed with ${compression.name}`, () => {
    const output = `rows.csv${compression.extension}`;
    const read = (bytes: Buffer) => (READERS[compression.name] ?? []).map((decompress) => decompress(bytes));

    for (const name of ['csv', 'jsonl'] as const) {
      it(
        `decompresses to the ${name} of all rows`,
        inFolder(async (folder) => {
          const layout = layoutOf(name, compression);
          assert.ok(blocksOf(layout, ROWS).length > 4);
          assert.deepEqual(await packed(layout, ROWS, { folder, output }), [output]);
          const bytes = await readFile(join(folder, output));
          assert.ok(bytes.byteLength < textOf(layout).byteLength * 0.8, `${bytes.byteLength} bytes`);
          for (const text of read(bytes)) assert.ok(text.equals(textOf(layout)));
        }),
      );

      it(
        `is a valid file of ${name} without rows`,
        inFolder(async (folder) => {
          const layout = layoutOf(name, compression);
          await packed(layout, [], { folder, output });
          for (const text of read(await readFile(join(folder, output))))
            assert.equal(text.toString(), textFile(layout).header.toString());
          assert.equal((await unpacked(layout, folder, output)).get(textFile(layout))?.byteLength, 0);
        }),
      );
    }

    it(
      'has the same bytes however often its packing is interrupted',
      inFolder(async (folder) => {
        const layout = layoutOf('csv', compression);
        await packed(layout, ROWS, { folder: join(folder, 'once'), output });
        const expected = await readFile(join(folder, 'once', output));
        const count = blocksOf(layout, ROWS).length;
        for (let after = 0; after <= count; after++) {
          for (const recorded of [0, Math.max(0, after - 2), after]) {
            const again = join(folder, `${after} ${recorded}`);
            await packed(layout, ROWS, { folder: again, output, crashes: [{ after, recorded }] });
            assert.ok((await readFile(join(again, output))).equals(expected), `${after} ${recorded}`);
          }
        }
      }),
    );

    it(
      'is read back as its rows',
      inFolder(async (folder) => {
        for (const name of ['csv', 'jsonl'] as const) {
          const layout = layoutOf(name, compression);
          await packed(layout, ROWS, { folder, output });
          const text = textFile(layout);
          const rows = (await unpacked(layout, folder, output)).get(text);
          assert.ok(rows?.equals(Buffer.concat(rowBytes(text, ROWS))));
        }
      }),
    );

    it(
      'cuts long rows and blocks into parts that one decompressor after another can take',
      inFolder(async (folder) => {
        const long = [failed('x'.repeat(2_500_000)), failed('y')];
        const layout = layoutOf('csv', compression);
        await packed(layout, long, { folder, output });
        for (const text of read(await readFile(join(folder, output))))
          assert.ok(text.equals(textOf(layout, long)));
      }),
    );

    it(
      'is refused if it is damaged, ends early or is another file',
      inFolder(async (folder) => {
        const layout = layoutOf('csv', compression);
        await packed(layout, ROWS, { folder, output });
        const path = join(folder, output);
        const bytes = await readFile(path);
        const middle = Math.floor(bytes.byteLength / 2);
        const altered = Buffer.from(bytes);
        altered.writeUInt8(altered.readUInt8(middle) ^ 1, middle);
        for (const wrong of [altered, bytes.subarray(0, -1), bytes.subarray(0, middle), Buffer.of()]) {
          await writeFile(path, wrong);
          await assert.rejects(unpacked(layout, folder, output), FormatError);
        }
        await packed(layoutOf('jsonl', compression), ROWS, { folder, output });
        await assert.rejects(unpacked(layout, folder, output), /has another header/);
      }),
    );

    it('lets other work of the process go on between pieces', async () => {
      const compress = await compression.load();
      let turns = 0;
      let next: NodeJS.Immediate | undefined;
      const turn = () => {
        turns++;
        next = setImmediate(turn);
      };
      turn();
      const pieces = [1, 2, 3, 4].map((i) => Buffer.alloc(100_000, i));
      try {
        for (const piece of pieces) await compress(piece);
      } finally {
        clearImmediate(next);
      }
      assert.ok(turns >= pieces.length, `${turns} turns`);
    });

    it('has its settings in the fingerprint', () => {
      const { settings } = layoutOf('csv', compression);
      assert.match(String(settings.compression), /^(gzip 6, zlib|zstd 3, @hpcc-js\/wasm-zstd) \d+\.\d+/);
    });
  });
}

describe('gzip members', () => {
  it('state neither a time nor an operating system', async () => {
    const compress = await gzip.load();
    assert.equal(
      Buffer.from(await compress(Buffer.from('abc'))).toString('hex', 0, 10),
      '1f8b08000000000000ff',
    );
  });
});

describe('Zstandard frames', () => {
  it('state their size and have a checksum', async () => {
    const compress = await zstd.load();
    const frame = Buffer.from(await compress(Buffer.from('abc'.repeat(99))));
    assert.equal(frame.readUInt8(4) & 0b100, 0b100);
    assert.equal(frame.readUInt16LE(5) + 256, 297);
    frame.writeUInt8(frame.readUInt8(frame.byteLength - 1) ^ 1, frame.byteLength - 1);
    assert.throws(() => unzstdAll(frame), /checksum/);
  });
});

describe('a compressed layout', () => {
  it('is the same layout without a compression', () => {
    const plain = embedLayout({ format: FORMATS.csv, shape: [1], dtype: 'float32' });
    assert.equal(compressed(plain, undefined), plain);
    assert.throws(() => packingOf(plain));
  });
});
