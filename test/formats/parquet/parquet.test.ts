import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { FormatError } from '../../../src/errors.js';
import { ColumnReader } from '../../../src/formats/parquet/column-reader.js';
import { decompress } from '../../../src/formats/parquet/decompress.js';
import { type ParquetFooter, readFooter } from '../../../src/formats/parquet/footer.js';
import { decompressSnappy } from '../../../src/formats/parquet/snappy.js';
import { thriftEnd } from '../../../src/formats/parquet/thrift.js';
import { BYTES } from '../../../src/formats/parquet/values.js';
import type { ReadAt } from '../../../src/formats/read-at.js';
import { changedBytes } from '../../support/archives.js';
import { ROOT } from '../../support/cli.js';
import {
  int,
  int32,
  levels,
  list,
  page,
  parquetOf,
  plain,
  type RowGroup,
  struct,
  text,
  varint,
  withMetadata,
} from '../../support/parquet.js';

const FIXTURES = join(ROOT, 'fixtures/parquet');
const fixture = (name: string) => readFileSync(join(FIXTURES, name));
const EXPECTED: Readonly<Record<string, readonly (string | null)[]>> = JSON.parse(
  fixture('expected.json').toString(),
);

const readerOf =
  (bytes: Buffer): ReadAt =>
  async (position, length) =>
    Buffer.from(bytes.subarray(position, Math.max(position, position + length)));

/** Reads the only column of images of a file. Values become text, nulls their level, failures their message. */
async function valuesIn(bytes: Buffer, read = readerOf(bytes)): Promise<(string | number)[]> {
  const footer = await readFooter(read, bytes.byteLength);
  return columnIn(footer, read);
}

async function columnIn({ columns, chunksOf, rows }: ParquetFooter, read: ReadAt) {
  const leaf = columns.find(({ image }) => image !== undefined)?.image?.bytes;
  if (leaf === undefined) return [];
  const reader = new ColumnReader(BYTES, leaf, chunksOf(leaf));
  const values: (string | number)[] = [];
  for (let row = 0; row < Math.min(rows, 100); row++) {
    try {
      const value = await reader.value(read, row);
      values.push(typeof value === 'number' ? value : Buffer.from(value).toString('latin1'));
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      values.push(`failed: ${error.message}`);
    }
  }
  return values;
}

/** A file of one row group. */
const one = (group: RowGroup, options = {}) => parquetOf([group], options);

const messageOf = (bytes: Buffer) =>
  valuesIn(bytes).then(
    (values) => assert.fail(`${values}`),
    (error: unknown) => {
      assert.ok(error instanceof FormatError, String(error));
      return error.message;
    },
  );

describe('Parquet files', () => {
  describe('of other programs', () => {
    for (const [name, rows] of Object.entries(EXPECTED)) {
      it(`have the images that were written to ${name}`, async () => {
        const found = await valuesIn(fixture(name));
        const images = rows.map((row) =>
          row?.includes('.') ? fixture(`images/${row}`).toString('latin1') : row === 'empty' ? '' : null,
        );
        assert.deepEqual(
          found.map((value) => (typeof value === 'number' ? null : value)),
          images,
        );
      });
    }

    it('are all among those expected, or have no clear column', () => {
      const files = readdirSync(FIXTURES).filter((name) => name.endsWith('.parquet'));
      assert.deepEqual(
        files.filter((name) => !name.startsWith('columns-')).sort(),
        Object.keys(EXPECTED).sort(),
      );
    });
  });

  it('are listed by their metadata, and read page by page', async () => {
    const bytes = fixture('pyarrow-none-checksum.parquet');
    const places: (readonly [number, number])[] = [];
    const read: ReadAt = (position, length) => {
      places.push([position, length]);
      return readerOf(bytes)(position, length);
    };
    const { columns, chunksOf } = await readFooter(read, bytes.byteLength);
    const metadata = bytes.readUInt32LE(bytes.byteLength - 8) + 8;
    for (const [position] of places)
      assert.ok(position < 4 || position >= bytes.byteLength - metadata, `${position}`);
    const leaf = columns[0]?.image?.bytes ?? assert.fail();
    const reader = new ColumnReader(BYTES, leaf, chunksOf(leaf));
    places.length = 0;
    const jpeg = fixture('images/e.jpg');
    assert.deepEqual(Buffer.from((await reader.value(read, 4)) as Uint8Array), jpeg);
    const covering = places.filter(([at, length]) => at + length > bytes.indexOf(jpeg) + jpeg.byteLength / 2);
    const whole = places.find(([, length]) => length === covering.at(-1)?.[1]);
    assert.ok(whole !== undefined && whole[1] < 1000, `${places}`); // its own page, of two images
    const before = places.length;
    await reader.value(read, 5);
    assert.equal(places.length, before); // the same page
  });

  it('keep the rows of whole row groups when another is damaged', async () => {
    const bytes = fixture('pyarrow-large-binary.parquet'); // two rows in each row group
    const { columns, chunksOf } = await readFooter(readerOf(bytes), bytes.byteLength);
    const [, second] = chunksOf(columns[0]?.image?.bytes ?? assert.fail());
    const whole = await valuesIn(bytes);
    for (const fill of [0, 0xff]) {
      bytes.fill(fill, second?.start, second?.end);
      const found = await valuesIn(bytes);
      assert.match(`${found[2]} ${found[3]}`, /^failed: .* failed: /);
      assert.deepEqual(found.toSpliced(2, 2), whole.toSpliced(2, 2));
    }
  });

  it('fail rows whose column chunk cannot be read, and say why', async () => {
    const good = { rows: 1, pages: [page(plain('one'), { rows: 1 })] };
    const bad: readonly (readonly [Partial<RowGroup>, RegExp])[] = [
      [{ change: { 1: text('other.parquet') } }, /in another file/],
      [{ change: { 8: struct({ 1: struct({}) }) } }, /encrypted/],
      [{ data: { 9: int(10 ** 9) } }, /metadata of the row group is damaged/],
      [{ data: { 7: int(-1) } }, /metadata of the row group is damaged/],
      [{ data: { 3: list(text('other')) } }, /lacks the column/],
      [{ data: { 4: int32(3) } }, /compressed by LZO/],
      [{ pages: [page(plain('one'), { rows: 1, encoding: 9 })] }, /encoded as BYTE_STREAM_SPLIT/],
      [{ pages: [page(plain('one'), { rows: 2 })] }, /a page states 2 rows/],
      [{ rows: 2 }, /the pages have 1 of the 2 rows/],
      [{ pages: [page(plain('one'), { rows: 1, crc: 7 })] }, /CRC-32/],
      [{ pages: [page(plain('one').subarray(0, 5), { rows: 1 })] }, /a value ends beyond it/],
    ];
    for (const [change, expected] of bad) {
      const group = { ...good, ...change };
      const found = await valuesIn(parquetOf([good, group, good]));
      assert.deepEqual([found[0], found.at(-1)], ['one', 'one']);
      assert.match(String(found[1]), expected);
    }
  });

  it('may have a CRC-32 for each page', async () => {
    const bytes = plain('one');
    const crc = crc32(bytes) | 0;
    assert.deepEqual(await valuesIn(one({ rows: 1, pages: [page(bytes, { rows: 1, crc })] })), ['one']);
  });

  it('are refused if the metadata contradict themselves', async () => {
    const group = { rows: 1, pages: [page(plain('one'), { rows: 1 })] };
    assert.match(
      await messageOf(parquetOf([group], { rows: 2n })),
      /states 2 rows, and row groups with 1 rows/,
    );
    assert.match(await messageOf(parquetOf([{ ...group, rows: -1 }])), /row group without a number of rows/);
    const schema = [struct({ 4: text('image'), 5: int32(1000) })];
    assert.match(await messageOf(parquetOf([group], { schema })), /schema is damaged/);
    assert.match(await messageOf(Buffer.from('no Parquet file')), /does not begin with PAR1/);
    assert.match(await messageOf(Buffer.from('PARE....PARE')), /encrypted/);
    assert.match(
      await messageOf(Buffer.from('PAR1\xff\xff\0\0PAR1', 'latin1')),
      /states 65535 bytes of metadata/,
    );
  });

  it('truncated at any length are refused', async () => {
    for (const name of ['duckdb.parquet', 'pyarrow-nulls-v2.parquet']) {
      const bytes = fixture(name);
      for (let length = 0; length < bytes.byteLength; length++) {
        const expected = length < 4 ? /does not begin with PAR1/ : /^the file ends|^it states/;
        assert.match(await messageOf(bytes.subarray(0, length)), expected);
      }
    }
  });

  for (const name of ['duckdb-v2.parquet', 'pyarrow-nulls-v1.parquet', 'pyarrow-gzip-dictionary.parquet']) {
    it(`with any byte changed give values or errors of their own: ${name}`, async () => {
      for (const { changed } of changedBytes(fixture(name))) {
        await valuesIn(changed).catch((error: unknown) => {
          if (!(error instanceof FormatError)) throw error;
        });
      }
    });
  }
});

describe('hostile Parquet files', () => {
  const isBounded = async (bytes: Buffer): Promise<(string | number)[]> => {
    const [time, memory] = [performance.now(), process.memoryUsage().rss];
    const found = await valuesIn(bytes).catch((error: unknown) => {
      if (!(error instanceof FormatError)) throw error;
      return [`refused: ${error.message}`];
    });
    assert.ok(performance.now() - time < 5000, 'time');
    assert.ok(process.memoryUsage().rss - memory < 500 * 2 ** 20, 'memory');
    return found;
  };
  const optional = { isOptional: true };

  it('cannot state runs of more levels or indices than there are rows', async () => {
    const run = Buffer.concat([varint(2n * (2n ** 31n - 1n)), Buffer.of(0)]);
    const packed = Buffer.concat([varint(2n ** 32n - 1n), Buffer.alloc(100)]);
    for (const bytes of [run, packed]) {
      const file = one({ rows: 3, pages: [page(levels(bytes), { rows: 3 })] }, optional);
      assert.match(String((await isBounded(file))[0]), /a run has \d+ values/);
      const pages = [
        page(plain('one'), { rows: 1, isDictionary: true }),
        page(Buffer.concat([Buffer.of(1), bytes]), { rows: 3, encoding: 8 }),
      ];
      assert.match(String((await isBounded(one({ rows: 3, pages })))[0]), /a run has \d+ values/);
    }
  });

  it('cannot make an array of as many rows as they state', async () => {
    const rows = 2 ** 31 - 1;
    const run = Buffer.concat([varint(2n * BigInt(rows)), Buffer.of(0)]);
    const file = one({ rows, pages: [page(levels(run), { rows })] }, optional);
    const [first] = await isBounded(file);
    assert.match(String(first), /halonet reads at most 16777216 in a page/);
  });

  it('cannot refer to values that a dictionary lacks', async () => {
    const indices = Buffer.of(8, 2 * 2, 7); // 8 bits; a run of two
    const pages = [
      page(plain('one'), { rows: 1, isDictionary: true }),
      page(indices, { rows: 2, encoding: 8 }),
    ];
    assert.match(String((await isBounded(one({ rows: 2, pages })))[0]), /no value 7/);
    assert.match(String((await isBounded(one({ rows: 2, pages: pages.slice(1) })))[0]), /no value 7/);
    const many = [page(plain('one'), { rows: 2 ** 30, isDictionary: true }), ...pages.slice(1)];
    assert.match(String((await isBounded(one({ rows: 2, pages: many })))[0]), /states 1073741824 values/);
  });

  it('cannot state lengths without end', async () => {
    const blocks = [
      Buffer.concat([varint(128n), varint(2n ** 32n - 5n), varint(3n), Buffer.alloc(50)]),
      Buffer.concat([varint(2n ** 31n), varint(4n), varint(3n), Buffer.alloc(50)]),
      Buffer.concat([varint(128n), varint(0n), varint(3n), Buffer.alloc(50)]),
    ];
    for (const bytes of blocks) {
      for (const encoding of [6, 7]) {
        const file = one({ rows: 3, pages: [page(bytes, { rows: 3, encoding })] });
        assert.match(String((await isBounded(file))[0]), /its numbers cannot be read/);
      }
    }
  });

  it('cannot state pages that decompress without end', async () => {
    const claims: readonly (readonly [codec: number, bytes: Buffer])[] = [
      [1, Buffer.concat([varint(2n ** 31n - 1n), Buffer.of(0xfc, 0xff, 0xff, 0xff, 0xff, 1, 2, 3)])],
      [2, Buffer.from('1f8b08000000000000034b', 'hex')],
      [6, Buffer.from('28b52ffd00f80000', 'hex')], // a window of 2 TiB
      [6, Buffer.from('28b52ffde0ffffffffffffff7f0000', 'hex')],
      [7, Buffer.of(0xff, 0xff, 0xff, 0xff, 0xff)],
      [4, Buffer.of(0x1b, 0xff)],
    ];
    for (const [codec, bytes] of claims) {
      const file = one({ rows: 1, pages: [page(bytes, { rows: 1, size: 2 ** 31 - 1 })] }, { codec });
      assert.match(String((await isBounded(file))[0]), /^failed: a page (is damaged|has)/, `codec ${codec}`);
    }
  });

  it('cannot have metadata that fill the memory', async () => {
    const lists = Buffer.concat([
      Buffer.of(0x19),
      ...Array.from({ length: 20 }, () => Buffer.from('f9ffffff0f', 'hex')),
    ]);
    const deep = Buffer.alloc(100_000, 0x1c);
    const long = Buffer.concat([Buffer.of(0x16), Buffer.alloc(1_000_000, 0x80)]);
    for (const metadata of [lists, deep, long]) {
      const [found] = await isBounded(withMetadata(Buffer.from('PAR1'), metadata));
      assert.match(String(found), /^refused: (its )?metadata/);
    }
  });
});

describe('thriftEnd', () => {
  it('returns where a struct ends, and nothing if that is beyond the bytes', () => {
    const [, bytes] = struct({
      1: int(7),
      2: text('seven'),
      20: list(int32(1), int32(2)),
      21: struct({ 3: int(1) }),
    });
    const padded = Buffer.concat([Buffer.of(9), bytes, Buffer.of(9)]);
    assert.equal(thriftEnd(padded, 1), 1 + bytes.byteLength);
    for (let length = 0; length < bytes.byteLength; length++)
      assert.equal(thriftEnd(bytes.subarray(0, length)), undefined);
  });
});

describe('decompress', () => {
  const FRAME = Buffer.from('28b52ffd2003190000616263', 'hex'); // Zstandard: abc

  it('refuses data that do not have the bytes they should', () => {
    assert.equal(Buffer.from(decompress('ZSTD', FRAME, 3)).toString(), 'abc');
    assert.throws(() => decompress('ZSTD', FRAME, 4), /a page has 3 bytes; its header states 4/);
    assert.throws(() => decompress('ZSTD', FRAME, 2), /a page is damaged/);
    assert.throws(() => decompress('UNCOMPRESSED', FRAME, 4), /a page has 12 bytes; its header states 4/);
  });

  it('refuses Zstandard windows beyond 128 MiB', () => {
    const [least, large] = [
      Buffer.from('28b52ffd0088190000616263', 'hex'),
      Buffer.from('28b52ffd0090190000616263', 'hex'),
    ];
    assert.equal(Buffer.from(decompress('ZSTD', least, 3)).toString(), 'abc');
    assert.throws(
      () => decompress('ZSTD', large, 3),
      ({ cause }: Error) => /needs a window of 268435456 bytes/.test(String(cause)),
    );
  });
});

describe('decompressSnappy', () => {
  const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');

  it('repeats literals and copies, with lengths and distances of each width', () => {
    const cases: readonly (readonly [string, string])[] = [
      ['03 08 616263', 'abc'],
      ['06 f0 05 616263646566', 'abcdef'],
      ['06 f4 0500 616263646566', 'abcdef'],
      ['06 f8 050000 616263646566', 'abcdef'],
      ['06 fc 05000000 616263646566', 'abcdef'],
      ['07 08 616263 01 03', 'abcabca'], // a copy of four bytes that overlaps itself
      ['06 08 616263 0a 0300', 'abcabc'],
      ['06 08 616263 0b 03000000', 'abcabc'],
      ['00', ''],
    ];
    for (const [bytes, expected] of cases)
      assert.equal(Buffer.from(decompressSnappy(hex(bytes), expected.length)).toString(), expected, bytes);
  });

  it('refuses damaged data', () => {
    const cases = [
      ...['', '04 08 616263', '03 08 6162', '06 fc 050000', '07 08 616263 01 04', '07 08 616263 01 00'],
      ...['06 08 616263 01 03', 'ffffffffff 00', '06 fc ffffffff 616263'],
    ];
    for (const bytes of cases) assert.throws(() => decompressSnappy(hex(bytes), 6), RangeError, bytes);
  });
});
