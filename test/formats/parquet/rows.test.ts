import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FormatError } from '../../../src/errors.js';
import { openRows } from '../../../src/formats/parquet/rows.js';
import { changedBytes } from '../../support/archives.js';
import { ROOT } from '../../support/cli.js';
import { plain } from '../../support/parquet.js';

const fixture = (name: string) => readFileSync(join(ROOT, 'fixtures/parquet', name));

async function open(bytes: Buffer) {
  return openRows(async (at, length) => Buffer.from(bytes.subarray(at, at + length)), bytes.byteLength);
}

async function all<T>(values: AsyncIterable<T>): Promise<readonly T[]> {
  const found: T[] = [];
  for await (const value of values) found.push(value);
  return found;
}

describe('openRows', () => {
  for (const name of ['lists/pyarrow.parquet', 'lists/duckdb.parquet']) {
    it(`reads the columns of single values with their types: ${name}`, async () => {
      const { columns, read } = await open(fixture(name));
      assert.deepEqual(columns, ['file_name', 'label', 'count', 'large', 'score', 'good', 'day', 'time']);
      const rows = await all(read(columns));
      assert.deepEqual(rows, [
        [
          'a.png',
          'first, "one"',
          1,
          '1152921504606846976',
          0.1,
          true,
          '2024-02-29',
          '2024-02-29T12:30:00.500Z',
        ],
        ['none.png', null, null, 2 ** 53 - 1, Number.NaN, false, null, null],
        ['c.jpg', 'third', -3, null, null, null, '1969-12-31', null],
      ]);
      assert.deepEqual(await all(read(['good', 'file_name'])), [
        [true, 'a.png'],
        [false, 'none.png'],
        [null, 'c.jpg'],
      ]);
    });
  }

  const NUMBERS = ['plain-v1', 'dictionary-v2', 'encodings-v1', 'encodings-v2', 'int96'];
  for (const name of NUMBERS) {
    it(`reads numbers, text and nulls in each encoding, page by page: pyarrow-${name}`, async () => {
      const { columns, read } = await open(fixture(`lists/pyarrow-${name}.parquet`));
      const rows = await all(read(columns));
      assert.deepEqual(
        rows,
        Array.from({ length: 90 }, (_, i) => Object.values(numbersOf(i))),
      );
      assert.deepEqual(columns, Object.keys(numbersOf(0)));
    });
  }

  /** The row that fixtures/parquet/lists/make.py writes. */
  function numbersOf(i: number) {
    const nullable = <T>(value: T) => (i % 7 === 3 ? null : value);
    return {
      int: nullable(1000 - 37 * i),
      long: nullable(i * 10 ** 10),
      float: nullable(i / 4),
      double: nullable(i / 3),
      good: nullable(i % 3 === 0),
      text: nullable(`text ${i % 11} é`),
      word: 'x'.repeat(i % 20) + i,
      price: nullable(i / 100),
      time: nullable(new Date(Date.UTC(2024, 0, 1 + i)).toISOString()),
      nothing: null,
    };
  }

  it('reads a page only once its rows are wanted', async () => {
    const bytes = fixture('lists/pyarrow-plain-v1.parquet');
    let reads = 0;
    const counted = async (at: number, length: number) => {
      reads++;
      return Buffer.from(bytes.subarray(at, at + length));
    };
    const { read } = await openRows(counted, bytes.byteLength);
    const rows = read(['word']);
    await rows.next(); // reads the headers of all pages
    let pages = 1;
    for (let row = 1; row < 61; row++) {
      const before = reads;
      await rows.next();
      assert.ok(reads - before <= 1, `row ${row} took ${reads - before} reads`);
      pages += reads - before;
    }
    assert.ok(pages > 3, `${pages} pages`);
  });

  it('gives null for a time beyond all dates', async () => {
    const bytes = fixture('lists/pyarrow-plain-v1.parquet');
    const [time, beyond] = [Buffer.alloc(8), Buffer.alloc(8)];
    time.writeBigInt64LE(BigInt(Date.UTC(2024, 0, 1)) * 1000n);
    beyond.writeBigInt64LE(2n ** 63n - 1n);
    assert.ok(bytes.includes(time));
    for (let at = bytes.indexOf(time); at !== -1; at = bytes.indexOf(time, at)) bytes.set(beyond, at); // in statistics too
    const [[first] = [], [second] = []] = await all((await open(bytes)).read(['time']));
    assert.deepEqual([first, second], [null, '2024-01-02T00:00:00.000Z']);
  });

  it('gives values or errors of its own for a file with any byte changed', async () => {
    const bytes = fixture('lists/pyarrow.parquet');
    for (const { at, changed } of changedBytes(bytes)) {
      if (at % 4 !== 0) continue;
      const reading = open(changed).then(({ columns, read }) => all(read(columns)));
      await reading.catch((error: unknown) => {
        if (!(error instanceof FormatError)) throw error;
      });
    }
  });

  it('names the column that cannot be read', async () => {
    const bytes = fixture('lists/pyarrow-plain-v1.parquet');
    const value = plain(`${'x'.repeat(15)}15`);
    bytes.writeUInt32LE(2 ** 31, bytes.indexOf(value)); // its length
    const { read } = await open(bytes);
    assert.equal((await all(read(['int', 'text']))).length, 90);
    await assert.rejects(all(read(['int', 'word'])), {
      name: 'FormatError',
      message: /^column "word" cannot be read: a page is damaged: a value ends beyond it$/,
    });
  });

  it('refuses files that end anywhere', async () => {
    const bytes = fixture('lists/pyarrow.parquet');
    for (let length = 0; length < bytes.byteLength; length += 7)
      await assert.rejects(open(bytes.subarray(0, length)), FormatError);
  });
});
