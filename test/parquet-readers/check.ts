// Writes the same rows as Parquet and as NPY, and compares what PyArrow, pandas, polars and DuckDB read from the first with the second.
// node dist/test/parquet-readers/check.js FOLDER PYTHON: an empty folder to work in; a Python with these packages
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { FORMATS } from '../../src/outputs/formats/registry.js';
import { classifyLayout, embedLayout, featuresLayout } from '../../src/outputs/index.js';
import type { OutputLayout } from '../../src/outputs/layout.js';
import { predictions } from '../../src/outputs/predictions.js';
import type { FloatDType } from '../../src/outputs/row-tensor.js';
import type { Columns, FailedRow, OkRow } from '../../src/rows.js';
import type { Tensor } from '../../src/tensor.js';
import { startRun, writeAll } from '../outputs/scratch.js';
import { HOSTILE_NAMES } from '../support/hostile-names.js';
import { ROOT } from '../support/root.js';

const [folder = '', python = ''] = process.argv.slice(2);

type Value = string | number | boolean | null;
type TestRow = OkRow | FailedRow;
type ScalarType = 'string' | 'label' | 'int32' | 'int64' | 'float' | 'double' | 'boolean';

/** A column that a Parquet file should have. */
type ExpectedColumn =
  | { readonly name: string; readonly type: ScalarType; readonly values: readonly Value[] }
  | { readonly name: string; readonly type: FloatDType; readonly length: number; readonly npy: string };

/** Rows, and the outputs that hold them. */
interface Case {
  readonly name: string;
  readonly rows: readonly TestRow[];
  readonly parquet: OutputLayout;
  readonly npy?: { readonly layout: OutputLayout; readonly output: string };
  readonly results: (output: string) => readonly ExpectedColumn[];
  readonly groups?: number; // at least
}

/** Kept columns, with the types that they should get. */
const KEPT: readonly {
  readonly name: string;
  readonly type: ScalarType;
  readonly values: readonly Value[];
}[] = [
  {
    name: 'whole',
    type: 'int64',
    values: [0, -1, Number.MAX_SAFE_INTEGER, null, Number.MIN_SAFE_INTEGER],
  },
  { name: 'no nulls', type: 'int64', values: [1, 2, 3] },
  { name: 'number', type: 'double', values: [0.5, 1, null, -1e300, 5e-324] },
  { name: 'huge', type: 'double', values: [1e20, 3, 2 ** 60] },
  { name: 'flag', type: 'boolean', values: [true, false, null, true] },
  { name: 'text', type: 'string', values: ['a', '', null, '\0', 'NaN', '日本語 😀'] },
  { name: 'mixed', type: 'string', values: ['a', 1.5, true, null] },
  { name: 'nothing', type: 'string', values: [null] },
  { name: 'with.dot "and" ü,', type: 'string', values: ['x'] },
  { name: '2020', type: 'int64', values: [7, 8] },
];
const kept = KEPT.map(({ name }) => name);

const columnsOf = (row: number): Columns =>
  Object.fromEntries(KEPT.map(({ name, values }) => [name, values[row % values.length] ?? null]));

/** Returns what the kept columns of rows should be: a mix is text, and so is a column without values. */
const expectedKept = (rows: readonly TestRow[]): readonly ExpectedColumn[] =>
  KEPT.map(({ name, type }) => {
    const values = rows.map(({ columns }) => columns?.[name] ?? null);
    const text = (value: Value) => (value === null ? null : String(value));
    if (type === 'string' || rows.length === 0) return { name, type: 'string', values: values.map(text) };
    return { name, type, values };
  });

const PATHS = [...HOSTILE_NAMES, `${'directory/'.repeat(6000)}a.png`, 'plain.png'];

/** Returns rows, some of them failed, with a tensor of each length. */
function rowsOf(
  count: number,
  tensors: Readonly<Record<string, number>>,
  dtype: FloatDType,
  isFailed: (row: number) => boolean,
): readonly TestRow[] {
  return Array.from({ length: count }, (_, row): TestRow => {
    const named = { id: PATHS[row % PATHS.length] ?? '', columns: columnsOf(row) };
    if (isFailed(row)) {
      const code = row % 2 === 0 ? 'truncated' : 'not_found';
      return { ...named, status: 'failed', failure: { code, message: `it is "cut", ${row} – ü` } };
    }
    const outputs = Object.entries(tensors).map(
      ([name, length]) => [name, tensorOf(row, length, dtype)] as const,
    );
    return { ...named, status: 'ok', outputs: Object.fromEntries(outputs) };
  });
}

function tensorOf(row: number, length: number, dtype: FloatDType): Tensor {
  if (dtype === 'float16') {
    // The patterns of finite numbers in turn, with both signs.
    const bits = Uint16Array.from({ length }, (_, i) => ((row * length + i) % 0x7c00) + (i % 2) * 0x8000);
    return { dtype, shape: [length], data: new Uint8Array(bits.buffer) };
  }
  const values = Float32Array.from({ length }, (_, i) => Math.sin(row * length + i) * 10 ** ((i % 77) - 38));
  return { dtype, shape: [length], data: new Uint8Array(values.buffer) };
}

/** Returns the columns of an output: those of every output, and its results. */
function expectedColumns(
  rows: readonly TestRow[],
  results: readonly ExpectedColumn[],
): readonly ExpectedColumn[] {
  const failures = rows.map((row) => (row.status === 'failed' ? row.failure : undefined));
  return [
    { name: 'path', type: 'string', values: rows.map(({ id }) => id) },
    ...expectedKept(rows),
    ...results,
    { name: 'error_code', type: 'label', values: failures.map((failure) => failure?.code ?? null) },
    { name: 'error_message', type: 'string', values: failures.map((failure) => failure?.message ?? null) },
  ];
}

const never = () => false;
const always = () => true;
const some = (row: number) => row % 5 === 2;

function embedCase(
  name: string,
  count: number,
  length: number,
  dtype: FloatDType,
  {
    isFailed = some,
    groups = 0,
  }: { readonly isFailed?: (row: number) => boolean; readonly groups?: number } = {},
): Case {
  const options = { shape: [length], dtype, columns: kept };
  return {
    name,
    rows: rowsOf(count, { embedding: length }, dtype, isFailed),
    parquet: embedLayout({ format: FORMATS.parquet, ...options }),
    npy: { layout: embedLayout({ format: FORMATS.npy, ...options }), output: `${name}.npy` },
    results: (npy) => [{ name: 'embedding', type: dtype, length, npy }],
    groups,
  };
}

function classifyCase(name: string, count: number, isFailed: (row: number) => boolean): Case {
  const labels = ['', 'NULL', ...HOSTILE_NAMES.filter((label) => label.length < 9)].slice(0, 40);
  const k = 5;
  const rows = rowsOf(count, { logits: labels.length }, 'float32', isFailed);
  const scored = { tensor: { name: 'logits', dtype: 'float32', shape: [labels.length] }, labels, k } as const;
  const best = rows.map((row) => (row.status === 'ok' ? predictions(row, scored) : []));
  return {
    name,
    rows,
    parquet: classifyLayout({ format: FORMATS.parquet, scores: 'logits', labels, topK: k, columns: kept }),
    results: () =>
      Array.from({ length: k }, (_, i) => best.map((one) => one[i])).flatMap(
        (ranked, i): ExpectedColumn[] => [
          { name: `index_${i + 1}`, type: 'int32', values: ranked.map((one) => one?.index ?? null) },
          { name: `label_${i + 1}`, type: 'label', values: ranked.map((one) => one?.label ?? null) },
          {
            name: `score_${i + 1}`,
            type: 'float',
            values: ranked.map((one) => (one === undefined ? null : Math.fround(one.score))),
          },
        ],
      ),
  };
}

function featuresCase(name: string, count: number, dtype: FloatDType): Case {
  const lengths = { stage1: 1, stage3: 33 };
  const stages = Object.entries(lengths).map(([stage, length]) => ({ name: stage, shape: [length] }));
  const options = { stages, dtype, columns: kept };
  return {
    name,
    rows: rowsOf(count, lengths, dtype, some),
    parquet: featuresLayout({ format: FORMATS.parquet, ...options }),
    npy: { layout: featuresLayout({ format: FORMATS.npy, ...options }), output: name },
    results: (output) =>
      Object.entries(lengths).map(([stage, length]) => ({
        name: stage,
        type: dtype,
        length,
        npy: join(output, `${stage}.npy`),
      })),
  };
}

const CASES: readonly Case[] = [
  embedCase('float32', 300, 12, 'float32'),
  embedCase('float16', 300, 257, 'float16'),
  embedCase('no rows', 0, 12, 'float32'),
  embedCase('no rows of float16', 0, 12, 'float16'),
  embedCase('none failed', 40, 3, 'float32', { isFailed: never }),
  embedCase('all failed', 40, 3, 'float32', { isFailed: always }),
  embedCase('several row groups', 600, 2 ** 16, 'float32', { groups: 2 }),
  classifyCase('classes', 300, some),
  classifyCase('classes of no image', 20, always),
  classifyCase('no classes', 0, never),
  featuresCase('pooled', 300, 'float32'),
  featuresCase('pooled float16', 300, 'float16'),
];

async function write(output: string, layout: OutputLayout, rows: readonly TestRow[]): Promise<void> {
  await writeAll(await startRun(output, layout, { checkpointSeconds: 60 }), rows);
}

let differences = 0;
for (const { name, rows, parquet, npy, results, groups = 0 } of CASES) {
  const file = join(folder, `${name}.parquet`);
  const output = join(folder, npy?.output ?? '');
  await write(file, parquet, rows);
  if (npy !== undefined) await write(output, npy.layout, rows);
  const expected = join(folder, `${name}.json`);
  await writeFile(
    expected,
    JSON.stringify({ file, groups, columns: expectedColumns(rows, results(output)) }),
  );
  const script = join(ROOT, 'test/parquet-readers/read.py');
  const { stdout } = await promisify(execFile)(python, [script, expected], { maxBuffer: 2 ** 26 });
  for (const line of stdout.split('\n').filter((one) => one !== '')) {
    differences += 1;
    console.log(`${name}: ${line}`);
  }
}
console.log(`PyArrow, pandas, polars and DuckDB: ${CASES.length} Parquet files, ${differences} differences`);
process.exitCode = differences > 0 ? 1 : 0;
