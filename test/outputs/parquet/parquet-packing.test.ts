import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { OutputError } from '../../../src/errors.js';
import { FORMATS } from '../../../src/outputs/formats/registry.js';
import { classifyLayout, embedLayout, featuresLayout } from '../../../src/outputs/index.js';
import { widened } from '../../../src/outputs/parquet/column-types.js';
import type { Columns, Row } from '../../../src/rows.js';
import { duckdb, sqlText } from '../../support/duckdb.js';
import { FAILURE, failed, float16, float32, inFolder, ok, startRun, writeAll } from '../scratch.js';

const format = FORMATS.parquet;
const describeColumns = async (path: string) =>
  Object.fromEntries(
    (await duckdb(`describe select * from ${sqlText(path)}`)).map((row) => [
      row.column_name,
      row.column_type,
    ]),
  );

function withColumns(row: Row, columns: Columns): Row {
  return { ...row, columns };
}

describe('Parquet outputs', () => {
  it(
    'hold the best classes, named as in CSV, and why an image failed',
    inFolder(async (folder) => {
      const path = join(folder, 'classes.parquet');
      const layout = classifyLayout({
        format,
        scores: 'probabilities',
        labels: ['a', 'b, "c"', 'd'],
        topK: 2,
      });
      const scores = { probabilities: float32([0.1, 0.7, 0.2]) };
      await writeAll(await startRun(path, layout), [ok('x.jpg', scores), failed('y.jpg')]);
      assert.deepEqual(await describeColumns(path), {
        path: 'VARCHAR',
        index_1: 'INTEGER',
        label_1: 'VARCHAR',
        score_1: 'FLOAT',
        index_2: 'INTEGER',
        label_2: 'VARCHAR',
        score_2: 'FLOAT',
        error_code: 'VARCHAR',
        error_message: 'VARCHAR',
      });
      const [first, second] = await duckdb(`select * from ${sqlText(path)}`);
      assert.deepEqual(
        Object.values(first ?? {}),
        ['x.jpg', 1, 'b, "c"', 0.7, 2, 'd', 0.2, null, null].map(rounded),
      );
      const nothing = new Array(6).fill(null);
      assert.deepEqual(Object.values(second ?? {}), ['y.jpg', ...nothing, FAILURE.code, FAILURE.message]);
    }),
  );

  it(
    'hold embeddings and pooled features as lists, all NaN for a failed image',
    inFolder(async (folder) => {
      const embeddings = join(folder, 'e.parquet');
      const half = embedLayout({ format, dtype: 'float16', shape: [3] });
      const values = float16([0x3c00, 0xc000, 0x3555]);
      await writeAll(await startRun(embeddings, half), [ok('x.jpg', { embedding: values }), failed('y.jpg')]);
      const read = await duckdb(`select embedding from ${sqlText(embeddings)}`);
      assert.deepEqual(read[0]?.embedding, [1, -2, 0.333251953125]);
      assert.deepEqual(read[1]?.embedding, ['NaN', 'NaN', 'NaN']);

      const pooled = join(folder, 'f.parquet');
      const stages = [
        { name: 'stage1', shape: [1] },
        { name: 'stage3', shape: [2] },
      ];
      const rows = [ok('x.jpg', { stage1: float32([7]), stage3: float32([8, 9]) })];
      await writeAll(await startRun(pooled, featuresLayout({ format, dtype: 'float32', stages })), rows);
      assert.deepEqual((await duckdb(`select stage1, stage3 from ${sqlText(pooled)}`))[0], {
        stage1: [7],
        stage3: [8, 9],
      });
    }),
  );

  it(
    'give kept columns the type that holds all their values',
    inFolder(async (folder) => {
      const path = join(folder, 'kept.parquet');
      const columns = ['whole', 'real', 'flag', 'text', 'mixed', 'empty'];
      const layout = embedLayout({ format, dtype: 'float32', shape: [1], columns });
      const embedding = { embedding: float32([1]) };
      await writeAll(await startRun(path, layout), [
        withColumns(ok('1', embedding), {
          whole: 1,
          real: 2,
          flag: true,
          text: 'ü, "x"',
          mixed: 3,
          empty: null,
        }),
        withColumns(failed('2'), {
          whole: -(2 ** 53) + 1,
          real: 0.5,
          flag: null,
          text: '',
          mixed: 'four',
          empty: null,
        }),
        withColumns(ok('3', embedding), {
          whole: null,
          real: null,
          flag: false,
          text: null,
          mixed: true,
          empty: null,
        }),
      ]);
      const { whole, real, flag, text, mixed, empty } = await describeColumns(path);
      assert.deepEqual(
        [whole, real, flag, text, mixed, empty],
        ['BIGINT', 'DOUBLE', 'BOOLEAN', 'VARCHAR', 'VARCHAR', 'VARCHAR'],
      );
      const rows = await duckdb(`select ${columns} from ${sqlText(path)}`);
      assert.deepEqual(
        rows.map((row) => Object.values(row)),
        [
          ['1', 2, true, 'ü, "x"', '3', null],
          ['-9007199254740991', 0.5, null, '', 'four', null],
          [null, null, false, null, 'true', null],
        ],
      );
    }),
  );

  it(
    'give back the lines that they were packed from',
    inFolder(async (folder) => {
      const path = join(folder, 'back.parquet');
      const layout = classifyLayout({
        format,
        scores: 'logits',
        labels: ['a', 'b'],
        columns: ['n', 'x'],
        topK: 2,
      });
      const logits = { logits: float32([-0.5, 1e-7]) };
      const rows = [
        withColumns(ok('é "1".jpg', logits), { n: 5, x: 0.1 }),
        withColumns(failed('2'), { n: null, x: null }),
        withColumns(ok('3', logits), { n: -7, x: 1e300 }),
      ];
      await writeAll(await startRun(path, layout), rows);
      const [text] = layout.files;
      assert.ok(text?.rows && layout.packing);
      const { encode } = text.rows;
      const expected = rows.map((row, i) => Buffer.from(encode(row as Parameters<typeof encode>[0], i)));
      const found: Uint8Array[] = [];
      const lengths: number[] = [];
      for await (const block of layout.packing.unpack(new Map([['back.parquet', path]]))) {
        for (const bytes of block.bytes.values()) found.push(bytes);
        lengths.push(...(block.lengths ?? []));
      }
      assert.equal(Buffer.concat(found).toString(), Buffer.concat(expected).toString());
      assert.deepEqual(
        lengths,
        expected.map(({ byteLength }) => byteLength),
      );
    }),
  );

  it(
    'may be without rows',
    inFolder(async (folder) => {
      const path = join(folder, 'none.parquet');
      await writeAll(await startRun(path, embedLayout({ format, dtype: 'float32', shape: [2] })), []);
      assert.deepEqual(await duckdb(`select * from ${sqlText(path)}`), []);
      assert.equal((await readFile(path)).toString('latin1', 0, 4), 'PAR1');
    }),
  );

  it('hold no maps', () => {
    const map = [{ name: 'stage1', shape: [4, 2, 2] }];
    assert.throws(() => featuresLayout({ format, dtype: 'float32', stages: map }), OutputError);
    assert.throws(() => embedLayout({ format, dtype: 'float32', shape: [4, 2, 2] }), OutputError);
  });
});

const rounded = (value: unknown) => (typeof value === 'number' ? Math.fround(value) : value);

describe('the type of a column', () => {
  it('widens with its values', () => {
    const of = (...values: readonly (string | number | boolean | null)[]) =>
      values.reduce<ReturnType<typeof widened>>((type, value) => widened(type, value), undefined);
    assert.equal(of(null), undefined);
    assert.equal(of(1, null, -3), 'int64');
    assert.equal(of(1, 0.5, 2), 'double');
    assert.equal(of(2 ** 53), 'double');
    assert.equal(of(-0), 'double');
    assert.equal(of(true, null), 'boolean');
    assert.equal(of(true, 1), 'text');
    assert.equal(of(1, 'x'), 'text');
    assert.equal(of('1'), 'text');
  });
});
