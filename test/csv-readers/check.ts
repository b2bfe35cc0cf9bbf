// Runs the commands over files with hostile names and compares what CSV readers read from their output, compressed or not, with JSONL.
// node dist/test/csv-readers/check.js FOLDER [DUCKDB [PYTHON]]: an empty folder to work in; where npm installed DuckDB; a Python with
// pandas, polars and zstandard
import { execFile } from 'node:child_process';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { promisify } from 'node:util';
import { parse } from 'csv-parse/sync';
import { decimals } from '../../src/outputs/float-text.js';
import { halonet, ROOT } from '../support/cli.js';
import { HOSTILE_NAMES } from '../support/hostile-names.js';

type Cell = string | number;
type Cells = readonly Cell[];
type Reader = (file: string) => Promise<readonly Cells[]>;

/** A row of JSONL from any command. */
interface JsonRow {
  readonly path: string;
  readonly error?: { readonly code: string; readonly message: string };
  readonly predictions: readonly { readonly index: number; readonly label: string; readonly score: number }[];
  readonly embedding: readonly number[];
  readonly stages: Readonly<Record<string, { readonly shape: readonly number[]; readonly data: string }>>;
}

/** A CSV that a command writes, and its expected records, derived from the same command's JSONL. */
interface Case {
  readonly args: readonly string[];
  readonly output: string;
  readonly csv: string; // the file to read, beside or at `output`
  readonly header: Cells;
  readonly records: (row: JsonRow, number: number) => readonly Cells[];
}

const [folder = '', duckdb = '', python = ''] = process.argv.slice(2);
const HERE = join(ROOT, 'test/csv-readers');
const DUCKDB = join(HERE, 'read-duckdb.mjs');
const FORMULA = /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/;
const LABELS = ['', ...HOSTILE_NAMES.filter((name) => name.length < 9 && /["\n\r=,]/.test(name))].slice(
  0,
  16,
);
const [FEATURES, STAGES] = [512, ['stage1', 'stage2', 'stage3', 'stage4']];

const CASES: readonly Case[] = [
  {
    args: ['classify', '--top-k', '16', '--labels', 'labels.json'],
    output: 'classes.csv',
    csv: 'classes.csv',
    header: ['path', ...numbered(16, (i) => [`index_${i + 1}`, `label_${i + 1}`, `score_${i + 1}`]), 'error'],
    records: ({ path, error, predictions }) => {
      const cells = predictions?.flatMap(({ index, label, score }) => [index, label, score]);
      return [[path, ...(cells ?? empty(48)), errorCell(error)]];
    },
  },
  {
    args: ['embed'],
    output: 'embeddings.csv',
    csv: 'embeddings.csv',
    header: ['path', ...numbered(FEATURES, (i) => [`e${i}`]), 'error'],
    records: ({ path, error, embedding }) => [[path, ...(embedding ?? empty(FEATURES)), errorCell(error)]],
  },
  {
    args: ['embed'],
    output: 'embeddings.npy',
    csv: 'embeddings.index.csv',
    header: ['row', 'path', 'error'],
    records: ({ path, error }, number) => [[number, path, errorCell(error)]],
  },
  {
    args: ['features', '--pool', 'avg'],
    output: 'pooled.csv',
    csv: 'pooled.csv',
    header: ['path', 'stage', ...numbered(FEATURES, (i) => [`f${i}`]), 'error'],
    records: ({ path, error, stages }) =>
      STAGES.map((name) => {
        const values = stages?.[name] === undefined ? [] : floats(stages[name]);
        return [path, name, ...values, ...empty(FEATURES - values.length), errorCell(error)];
      }),
  },
];

const LIBRARIES: Readonly<Record<string, Reader>> = {
  ...(duckdb !== '' && {
    'DuckDB, dialect given': (file) => json(process.execPath, [DUCKDB, duckdb, 'given', file]),
  }),
  ...(python !== '' && {
    pandas: (file) => json(python, [join(HERE, 'read-library.py'), 'pandas', file]),
    polars: (file) => json(python, [join(HERE, 'read-library.py'), 'polars', file]),
  }),
};

const READERS: Readonly<Record<string, Reader>> = {
  "Python's csv": (file) => json('python3', [join(HERE, 'read.py'), file]),
  'csv-parse': async (file) => parse(await readFile(file)),
  SQLite: readSqlite,
  ...(duckdb !== '' && {
    'DuckDB, dialect detected': (file) => json(process.execPath, [DUCKDB, duckdb, 'detected', file]),
    'DuckDB, dialect given': (file) => json(process.execPath, [DUCKDB, duckdb, 'given', file]),
  }),
};

/** Programs and libraries that decompress what they read; a program turns the file into text first. */
const DECOMPRESSING: Readonly<Record<'.gz' | '.zst', Readonly<Record<string, Reader>>>> = {
  '.gz': { gzip: decompressing('gzip', '-dc'), ...LIBRARIES },
  '.zst': { zstd: decompressing('zstd', '-dc', '-q'), ...LIBRARIES },
};

function decompressing(program: string, ...flags: readonly string[]): Reader {
  return async (file) => {
    const { stdout } = await promisify(execFile)(program, [...flags, file], { maxBuffer: 2 ** 30 });
    return parse(stdout);
  };
}

function numbered(count: number, names: (i: number) => readonly string[]): string[] {
  return Array.from({ length: count }, (_, i) => names(i)).flat();
}

function empty(count: number): string[] {
  return new Array<string>(count).fill('');
}

function errorCell(error: JsonRow['error']): string {
  return error === undefined ? '' : `${error.code}: ${error.message}`;
}

function floats({ shape, data }: JsonRow['stages'][string]): number[] {
  return decimals({ dtype: 'float32', shape, data: Uint8Array.from(Buffer.from(data, 'base64')) });
}

async function json(program: string, args: readonly string[]) {
  const { stdout } = await promisify(execFile)(program, args, { maxBuffer: 2 ** 30 });
  return JSON.parse(stdout);
}

/** `.import` turns the header into column names. */
async function readSqlite(file: string): Promise<readonly Cells[]> {
  const commands = [':memory:', '.mode json', `.import --csv ${file} rows`, 'SELECT * FROM rows'];
  const rows: readonly Readonly<Record<string, string>>[] = await json('sqlite3', commands);
  return [Object.keys(rows[0] ?? {}), ...rows.map((row) => Object.values(row))];
}

/**
 * Writes files with hostile names in the folder `images`, every third of them not an image, and returns a list of them
 * for standard input: in a walk they need an image extension, which does not fit the longest names.
 */
async function makeFiles(): Promise<{ count: number; list: string }> {
  await mkdir(join(folder, 'images'));
  const walked = HOSTILE_NAMES.filter((name) => Buffer.byteLength(name) < 252).map((name) => `${name}.png`);
  const blank = (name: string) => name.trim() === ''; // not an entry of a list
  const listed = HOSTILE_NAMES.map((name) => (blank(name) ? `./${name}` : name));
  let sniffed = 0; // listed images that the walk also finds, by their content
  for (const [i, name] of [...walked, ...listed].entries()) {
    const file = join(folder, 'images', name);
    const image = i % 3 !== 0;
    if (image) await copyFile(join(ROOT, 'fixtures/images/shapes/arrow.png'), file);
    else await writeFile(file, 'no image');
    if (image && extname(name) === '') sniffed += 1;
  }
  const absent = [...HOSTILE_NAMES.filter((name) => name.length < 200).map((name) => `${name}, absent`)];
  await writeFile(join(folder, 'images/labels.json'), JSON.stringify(LABELS));
  const list = [...listed, ...absent].join('\0');
  return { count: walked.length + sniffed + listed.length + absent.length, list: `${list}\0` };
}

async function run(args: readonly string[], list: string): Promise<string> {
  // Relative paths start with the hostile names themselves.
  const inputs = [...args, '--model', 'demo', '--device', 'cpu', '--quiet', '.', '-', '--null'];
  const { code, stdout, stderr } = await halonet(inputs, { cwd: join(folder, 'images'), stdin: list });
  if (code !== 1) throw new Error(`halonet ${args.join(' ')}: exit code ${code}\n${stderr}`); // 1: failed images
  return stdout;
}

/** Where the records differ from those expected, or undefined. */
function difference(read: readonly Cells[], expected: readonly Cells[]): string | undefined {
  const texts = (cells: Cells | undefined) => JSON.stringify(cells?.map(String));
  for (let i = 0; i < Math.max(read.length, expected.length); i++) {
    if (texts(read[i]) !== texts(expected[i])) {
      return `record ${i}\n  read     ${texts(read[i])?.slice(0, 300)}\n  expected ${texts(expected[i])?.slice(0, 300)}`;
    }
  }
  return undefined;
}

async function check(file: string, expected: readonly Cells[], read: Reader): Promise<string | undefined> {
  try {
    return difference(await read(file), expected);
  } catch (error) {
    return `not read: ${error instanceof Error ? error.message.slice(0, 300) : error}`;
  }
}

let failures = 0;
let compared = 0;
function fail(message: string): void {
  failures += 1;
  console.log(message);
}

/** Writes the output of a case compressed in each way, and compares what is read from it. */
async function checkCompressed(
  { args, output }: Pick<Case, 'args' | 'output'>,
  expected: readonly Cells[],
): Promise<void> {
  for (const [extension, readers] of Object.entries(DECOMPRESSING)) {
    const file = join(folder, output + extension);
    await run([...args, '--output', file], list);
    for (const [reader, read] of Object.entries(readers)) {
      const found = await check(file, expected, read);
      if (found !== undefined) fail(`${reader}, ${args[0]}, ${output}${extension}: ${found}`);
      compared += 1;
    }
  }
}

const { count, list } = await makeFiles();
for (const { args, output, csv, header, records } of CASES) {
  const rows: JsonRow[] = (await run([...args, '--format', 'jsonl'], list))
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
  if (rows.length !== count) fail(`${args.join(' ')}: ${rows.length} rows of ${count} files`);
  const plain = rows.flatMap((row, number) => records(row, number));
  for (const safe of [false, true]) {
    const neutral = (cell: Cell) => (typeof cell === 'string' && FORMULA.test(cell) ? `'${cell}` : cell);
    const expected = [header, ...(safe ? plain.map((cells) => cells.map(neutral)) : plain)];
    const place = join(folder, safe ? 'safe' : 'plain');
    await mkdir(place, { recursive: true });
    await run([...args, '--output', join(place, output), ...(safe ? ['--csv-safe'] : [])], list);
    const file = join(place, csv);
    const spoilt = join(place, `spoilt-${csv}`);
    await writeFile(spoilt, (await readFile(file, 'utf8')).replaceAll('\r', '')); // as some transfers do
    for (const [reader, read] of Object.entries(READERS)) {
      const found = await check(file, expected, read);
      if (found !== undefined) fail(`${reader}, ${args[0]}${safe ? ' --csv-safe' : ''}, ${csv}: ${found}`);
      if ((await check(spoilt, expected, read)) === undefined) fail(`${reader} did not notice ${spoilt}`);
      compared += 1;
    }
  }
  if (output === csv) await checkCompressed({ args, output }, [header, ...plain]);
}
console.log(
  `${[...Object.keys(READERS), 'gzip', 'zstd', ...Object.keys(LIBRARIES)].join('; ')}: ${compared} readings of ${count} rows, ${failures} failures`,
);
process.exitCode = failures > 0 || compared === 0 ? 1 : 0;
