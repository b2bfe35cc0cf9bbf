import { open } from 'node:fs/promises';
import { FormatError, type ImageFailure } from '../../errors.js';
import { FACT_TYPES, type Facts } from '../../facts.js';
import type { Scalar } from '../../formats/parquet/scalars.js';
import type { ScalarColumn, VectorColumn, WrittenColumn } from '../../formats/parquet/writing/columns.js';
import type { ColumnValues, WrittenGroup } from '../../formats/parquet/writing/row-groups.js';
import type { ReadAt } from '../../formats/read-at.js';
import { readFully } from '../../read-fully.js';
import type { Columns } from '../../rows.js';
import { BYTES_PER_ELEMENT } from '../../tensor.js';
import type { TextStyle } from '../csv-line.js';
import { failureJson, jsonRow } from '../json-line.js';
import { textFile } from '../layout.js';
import { openFilePacker } from '../packed-file.js';
import type { Packing, RowBlock, UnpackedBlock } from '../packing.js';
import { arrayFiles, type GrowingRowFile, ownName, type RowFile } from '../row-file.js';
import { type FoundType, stored, widened } from './column-types.js';
import { type ResultColumn, type Results, resultsOf } from './ranked-classes.js';

/** What a Parquet file holds, besides the path, the kept columns, the facts and the failure of each row. */
export interface ParquetRows {
  readonly files: readonly RowFile[]; // JSON lines, and then one for each column of vectors
  readonly style: TextStyle;
  readonly results: readonly ResultColumn[];
  readonly vectors: readonly VectorColumn[];
}

const GROUP_BYTES = 2 ** 25; // of vectors in a row group; memory holds one
const GROUP_ROWS = 2 ** 16;
const TEXT_BYTES = 2 ** 24; // in a row group
const UNPACKED_ROWS = 1024; // at a time

/** A line of text as JSON. Kept columns and facts are members too. */
type Line = Results & {
  readonly path: string;
  readonly error?: ImageFailure;
} & { readonly [column: string]: Scalar };

/** The types of the kept columns, in their order. */
interface Survey {
  readonly types: readonly (FoundType | null)[];
}

const FAILURE_COLUMNS: readonly ScalarColumn[] = [
  { name: 'error_code', type: 'label', isNullable: true },
  { name: 'error_message', type: 'text', isNullable: true },
];

/** Returns how the rows of a run become a Parquet file: `path`, the kept columns, the facts, the results, `error_code` and `error_message`. */
export function parquetPacking({ files, style, results, vectors }: ParquetRows): Packing {
  const text = textFile({ files });
  const arrays = arrayFiles(files);
  const { columns: kept = [], facts = [] } = style;
  const factColumns = facts.map((name): ScalarColumn => ({ name, type: FACT_TYPES[name], isNullable: true }));
  const columnsOf = ({ types }: Survey): readonly WrittenColumn[] => [
    { name: 'path', type: 'text', isNullable: false },
    ...kept.map((name, i): ScalarColumn => ({ name, type: types[i] ?? 'text', isNullable: true })),
    ...factColumns,
    ...results,
    ...vectors,
    ...FAILURE_COLUMNS,
  ];
  const linesOf = async (block: RowBlock): Promise<readonly Line[]> =>
    Buffer.from(await block.read(text))
      .toString()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
  return {
    names: (output) => [ownName(output)],
    growth: 1,
    block: { rows: groupRows(vectors), textBytes: TEXT_BYTES },
    survey: kept.length === 0 ? undefined : (blocks) => surveyed(blocks, kept, linesOf),
    open: async (options) => {
      const { RowGroups } = await import('../../formats/parquet/writing/row-groups.js');
      const columns = columnsOf((options.survey as Survey | undefined) ?? { types: [] });
      return openFilePacker(options, (states) => {
        const groups = new RowGroups(columns, 'halonet', states as readonly WrittenGroup[]);
        return {
          start: () => groups.start(),
          async encode(block) {
            const lines = await linesOf(block);
            const values: ColumnValues[] = columns.flatMap((column) =>
              column.type === 'vector' ? [] : [lines.map((line) => cellOf(line, column, results))],
            );
            const after = values.splice(values.length - FAILURE_COLUMNS.length);
            for (const file of arrays) values.push(await block.read(file));
            const { pieces, written } = groups.add([...values, ...after]);
            return { pieces, state: written };
          },
          end: () => groups.end(),
        };
      });
    },
    async *unpack(paths) {
      const [path = ''] = paths.values();
      const handle = await open(path, 'r');
      try {
        const { size } = await handle.stat();
        const read: ReadAt = async (position, length) => {
          const bytes = Buffer.alloc(Math.max(0, Math.min(length, size - position)));
          return bytes.subarray(0, await readFully(handle, bytes, position));
        };
        const names = [
          'path',
          ...kept,
          ...facts,
          ...results.map(({ name }) => name),
          ...FAILURE_COLUMNS.map(({ name }) => name),
        ];
        for await (const rows of unpackedLines(read, size, names, style))
          yield { bytes: new Map([[text, Buffer.concat(rows)]]), lengths: rows.map((row) => row.byteLength) };
        yield* unpackedVectors(read, size, vectors, arrays);
      } finally {
        await handle.close();
      }
    },
  };
}

/** Returns the rows of a row group. */
function groupRows(vectors: readonly VectorColumn[]): number {
  const bytes = vectors.reduce((sum, { dtype, length }) => sum + length * BYTES_PER_ELEMENT[dtype], 0);
  return bytes === 0 ? GROUP_ROWS : Math.max(1, Math.min(GROUP_ROWS, Math.floor(GROUP_BYTES / bytes)));
}

async function surveyed(
  blocks: AsyncIterable<RowBlock>,
  kept: readonly string[],
  linesOf: (block: RowBlock) => Promise<readonly Line[]>,
): Promise<Survey> {
  let types: readonly FoundType[] = kept.map(() => undefined);
  for await (const block of blocks) {
    for (const line of await linesOf(block))
      types = types.map((type, i) => widened(type, line[kept[i] ?? '']));
  }
  return { types: types.map((type) => type ?? null) };
}

function cellOf(line: Line, column: WrittenColumn, results: readonly ResultColumn[]) {
  const { name, type } = column;
  if (type === 'vector') throw new Error('vectors are not in the text');
  if (name === 'error_code') return line.error?.code ?? null;
  if (name === 'error_message') return line.error?.message ?? null;
  const result = results.find((one) => one.name === name);
  return stored(type, result === undefined ? line[name] : result.valueOf(line));
}

/** Yields the lines that a file was packed from, many at a time. @throws {FormatError} if it lacks a column */
async function* unpackedLines(
  read: ReadAt,
  size: number,
  names: readonly string[],
  style: TextStyle,
): AsyncGenerator<readonly Buffer[]> {
  const { openRows } = await import('../../formats/parquet/rows.js');
  const file = await openRows(read, size);
  const missing = names.find((name) => !file.columns.includes(name));
  if (missing !== undefined) throw new FormatError(`it has no column ${JSON.stringify(missing)}`);
  let lines: Buffer[] = [];
  for await (const values of file.read(names)) {
    lines.push(Buffer.from(lineOf(values, style)));
    if (lines.length < UNPACKED_ROWS) continue;
    yield lines;
    lines = [];
  }
  if (lines.length > 0) yield lines;
}

/** @param values of the path, the kept columns, the facts, the results and the failure */
function lineOf(values: readonly Scalar[], style: TextStyle): string {
  const { columns: kept = [], facts: asked = [] } = style;
  const [id, ...rest] = values;
  const columns: Columns = Object.fromEntries(kept.map((name, i) => [name, rest[i] ?? null]));
  const facts: Facts = Object.fromEntries(asked.map((name, i) => [name, rest[kept.length + i] ?? undefined]));
  const results = rest.slice(kept.length + asked.length, rest.length - FAILURE_COLUMNS.length);
  const [code, message] = rest.slice(rest.length - FAILURE_COLUMNS.length);
  const failure = { code: code as ImageFailure['code'], message: String(message) };
  const result = code === null ? resultsOf(results) : { error: failureJson(failure) };
  return jsonRow({ id: String(id), columns, facts }, result, style);
}

async function* unpackedVectors(
  read: ReadAt,
  size: number,
  vectors: readonly VectorColumn[],
  arrays: readonly GrowingRowFile[],
): AsyncGenerator<UnpackedBlock> {
  const { readVectors } = await import('../../formats/parquet/vectors.js');
  for (const [i, file] of arrays.entries()) {
    const column = vectors[i];
    if (column === undefined) throw new Error('each array becomes a column of vectors');
    for await (const bytes of readVectors(read, size, column)) yield { bytes: new Map([[file, bytes]]) };
  }
}
