import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FormatError } from '../../../src/errors.js';
import { openRows } from '../../../src/formats/parquet/rows.js';
import { ROOT } from '../../support/cli.js';

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

  it('refuses files that end anywhere', async () => {
    const bytes = fixture('lists/pyarrow.parquet');
    for (let length = 0; length < bytes.byteLength; length += 7)
      await assert.rejects(open(bytes.subarray(0, length)), FormatError);
  });
});
