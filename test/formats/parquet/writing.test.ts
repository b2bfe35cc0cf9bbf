import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { FormatError } from '../../../src/errors.js';
import { openRows } from '../../../src/formats/parquet/rows.js';
import { readVectors } from '../../../src/formats/parquet/vectors.js';
import type { VectorColumn, WrittenColumn } from '../../../src/formats/parquet/writing/columns.js';
import {
  type ColumnValues,
  RowGroups,
  type WrittenGroup,
} from '../../../src/formats/parquet/writing/row-groups.js';
import { toFloat16 } from '../../../src/model/float16.js';
import { inFolder } from '../../outputs/scratch.js';
import { duckdb, sqlText } from '../../support/duckdb.js';

const LENGTH = 300_000; // elements: a page of one vector is larger than a page usually is
const vector = (name: string, length: number, dtype: VectorColumn['dtype'] = 'float32'): VectorColumn => ({
  name,
  type: 'vector',
  dtype,
  length,
});
const COLUMNS: readonly WrittenColumn[] = [
  { name: 'path', type: 'text', isNullable: false },
  { name: 'count', type: 'int64', isNullable: true },
  { name: 'ratio', type: 'double', isNullable: true },
  { name: 'is_new', type: 'boolean', isNullable: true },
  { name: 'index_1', type: 'int32', isNullable: true },
  { name: 'label_1', type: 'label', isNullable: true },
  { name: 'score_1', type: 'float', isNullable: true },
  vector('wide', LENGTH),
  vector('short', 3),
  vector('single', 1),
  vector('half', 5, 'float16'),
  { name: 'error', type: 'label', isNullable: true },
];
const ROWS = 11;
const CUTS = [0, 4, 8, ROWS]; // of row groups

const bytesOf = ({ buffer }: Float32Array | Uint16Array) => new Uint8Array(buffer);

/** Returns the values of the columns for rows, some of them null, negative zero or not finite. */
function valuesOf(from: number, to: number): readonly ColumnValues[] {
  const rows = Array.from({ length: to - from }, (_, i) => from + i);
  const floats = (length: number) =>
    Float32Array.from({ length: rows.length * length }, (_, i) => elementOf(from * length + i));
  return [
    rows.map((i) => `photos/ä "${i}".jpg`),
    rows.map((i) => (i % 3 === 0 ? null : BigInt(i) * 2n ** 40n - 5n)),
    rows.map((i) => [0, -0, Number.POSITIVE_INFINITY, i / 7][i % 4] as number),
    rows.map((i) => (i % 5 === 0 ? null : i % 2 === 0)),
    rows.map((i) => i),
    rows.map((i) => `label ${i % 2}`),
    rows.map((i) => (i % 4 === 3 ? null : -0)),
    bytesOf(floats(LENGTH)),
    bytesOf(floats(3)),
    bytesOf(floats(1)),
    bytesOf(toFloat16(floats(5))),
    rows.map(() => null),
  ];
}

const elementOf = (i: number) => (i % 17) / 4 - 2;

/** Encodes all row groups. @param restarts after how many of them another encoder goes on */
function encoded(restarts: readonly number[] = []): Buffer {
  const pieces: Uint8Array[] = [];
  let written: WrittenGroup[] = [];
  let groups = new RowGroups(COLUMNS, 'a test', []);
  pieces.push(groups.start());
  for (const [i, from] of CUTS.slice(0, -1).entries()) {
    if (restarts.includes(i)) {
      written = JSON.parse(JSON.stringify(written));
      groups = new RowGroups(COLUMNS, 'a test', written);
    }
    const added = groups.add(valuesOf(from, CUTS[i + 1] ?? 0));
    pieces.push(...added.pieces);
    written.push(added.written);
    assert.equal(Buffer.concat(pieces).byteLength, added.written.end);
  }
  pieces.push(groups.end());
  return Buffer.concat(pieces);
}

const readerOf = (bytes: Buffer) => async (at: number, length: number) => bytes.subarray(at, at + length);

describe('writing Parquet', () => {
  it('goes on after any row group with the same bytes', () => {
    const whole = encoded();
    for (const restarts of [[1], [2], [1, 2]]) assert.ok(encoded(restarts).equals(whole), `${restarts}`);
  });

  it(
    'gives files that DuckDB and hyparquet read with the same values',
    inFolder(async (folder) => {
      const path = join(folder, 'all.parquet');
      await writeFile(path, encoded());
      const rows = await duckdb(`select * exclude wide from ${sqlText(path)}`);
      const others = await parquetReadObjects({ file: await asyncBufferFromFile(path) });
      assert.equal(rows.length, ROWS);
      for (const [i, row] of rows.entries()) {
        const elements = (length: number) => Array.from({ length }, (_, at) => elementOf(i * length + at));
        assert.equal(row.path, `photos/ä "${i}".jpg`);
        assert.equal(row.count, i % 3 === 0 ? null : String(BigInt(i) * 2n ** 40n - 5n));
        assert.equal(row.ratio, [0, -0, 'Infinity', i / 7][i % 4]);
        assert.equal(row.is_new, i % 5 === 0 ? null : i % 2 === 0);
        assert.deepEqual([row.index_1, row.label_1, row.error], [i, `label ${i % 2}`, null]);
        assert.equal(row.score_1, i % 4 === 3 ? null : -0);
        assert.deepEqual([row.short, row.single, row.half], [elements(3), elements(1), elements(5)]);
        const other = others[i];
        assert.deepEqual(other?.wide, elements(LENGTH));
        assert.deepEqual([other?.short, other?.half, other?.path], [row.short, row.half, row.path]);
      }
      const [sum] = await duckdb(
        `select list_sum(wide) as total, len(wide) as n from ${sqlText(path)} limit 1`,
      );
      const expected = Array.from({ length: LENGTH }, (_, i) => elementOf(i)).reduce((a, b) => a + b, 0);
      assert.deepEqual([sum?.total, sum?.n], [expected, String(LENGTH)]);
      const groups = await duckdb(
        `select count(distinct row_group_id) as n from parquet_metadata(${sqlText(path)})`,
      );
      assert.equal(groups[0]?.n, String(CUTS.length - 1));
    }),
  );

  it('can be read back, value by value and vector by vector', async () => {
    const bytes = encoded();
    const read = readerOf(bytes);
    const rows = await openRows(read, bytes.byteLength);
    const found = [];
    for await (const values of rows.read(['path', 'index_1'])) found.push(values);
    assert.deepEqual(
      found,
      Array.from({ length: ROWS }, (_, i) => [`photos/ä "${i}".jpg`, i]),
    );
    for (const column of COLUMNS) {
      if (column.type !== 'vector') continue;
      const pages: Uint8Array[] = [];
      for await (const page of readVectors(read, bytes.byteLength, column)) pages.push(page);
      const at = COLUMNS.indexOf(column);
      const expected = Buffer.concat([valuesOf(0, ROWS)[at] as Uint8Array]);
      assert.ok(Buffer.concat(pages).equals(expected), column.name);
    }
  });

  it('has a file without rows', async () => {
    const groups = new RowGroups(COLUMNS, 'a test', []);
    const bytes = Buffer.concat([groups.start(), groups.end()]);
    const { columns, read } = await openRows(readerOf(bytes), bytes.byteLength);
    assert.deepEqual(columns.slice(0, 3), ['path', 'count', 'ratio']);
    for await (const row of read(['path'])) assert.fail(`a row: ${row}`);
  });

  it('reads vectors back only as they were written', async () => {
    const bytes = encoded();
    const all = async (column: VectorColumn, of = bytes) => {
      for await (const _ of readVectors(readerOf(of), of.byteLength, column));
    };
    for (const [column, text] of [
      [vector('missing', 3), /no column "missing"/],
      [vector('short', 4), /another length than 4/],
      [vector('half', 5), /not of float32 vectors/],
      [vector('path', 3), /not of float32 vectors/],
    ] as const)
      await assert.rejects(all(column), (error) => error instanceof FormatError && text.test(error.message));
    await assert.rejects(all(vector('short', 3), bytes.subarray(0, bytes.byteLength - 1)), FormatError);
  });
});
