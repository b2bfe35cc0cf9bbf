import { stat } from 'node:fs/promises';
import { dirname, isAbsolute } from 'node:path';
import { folderOfAddress, isAddress, shownAddress, withinAddress } from '../address.js';
import { HalonetError } from '../errors.js';
import { BrokenPath } from '../file-item.js';
import { type Item, withColumns } from '../item.js';
import type { Columns } from '../rows.js';
import { correction } from '../spelling.js';
import { systemReason } from '../system-reason.js';
import { formatOfList, type ListLine, PATH, readLines } from './list-format.js';
import { LOCAL, type Storage } from './storage.js';

/** A list of paths in a file: text, CSV, TSV, JSON lines or Parquet. */
export interface ListFile {
  readonly path: string; // of the list
  readonly pathColumn?: string | undefined; // by default `path`, or another usual name
  readonly root?: string | undefined; // where relative paths start; the folder of the list by default
  readonly keep?: readonly string[] | 'all' | undefined; // columns to carry into the output
}

/** The columns of a list that matter. */
export interface ListColumns {
  readonly path: string;
  readonly kept: readonly string[];
}

const USUAL = [PATH, 'file_path', 'filepath', 'file_name', 'filename', 'file', 'image_path', 'image'];

/**
 * Reads the columns of a list, and checks those that are asked for.
 *
 * @throws {HalonetError} if the list cannot be read, or has no such columns
 */
export async function listColumns(list: ListFile, storage: Storage = LOCAL): Promise<ListColumns> {
  const { path, pathColumn, root, keep = [] } = list;
  const file = shownAddress(path);
  const { hasColumns } = formatOfList(path);
  if (!hasColumns && (pathColumn !== undefined || keep.length > 0)) {
    throw new HalonetError(`--from ${file}: a text list has no columns`, {
      hint: 'Lists with columns end in .csv, .tsv, .jsonl, .ndjson or .parquet.',
    });
  }
  if (root === '') throw new HalonetError('--root is empty', { hint: 'Name a folder, such as --root data.' });
  await expectFile(path);
  const columns = await headerOf(path, storage);
  const column = pathColumn ?? USUAL.find((name) => columns.includes(name));
  if (column === undefined || !columns.includes(column))
    throw noColumn(file, columns, '--path-column', pathColumn);
  const kept = keep === 'all' ? columns.filter((name) => name !== column) : keep;
  for (const name of kept) {
    if (!columns.includes(name)) throw noColumn(file, columns, '--keep-columns', name);
    if (columns.indexOf(name) !== columns.lastIndexOf(name))
      throw new HalonetError(`--from ${file}: it has two columns "${name}"`, { hint: 'Rename one of them.' });
    if (RESERVED.test(name)) {
      throw new HalonetError(`--keep-columns: the output has a column "${name}" of its own`, {
        hint: 'Rename the column in the list, or name the others: --keep-columns a,b',
      });
    }
  }
  return { path: column, kept };
}

/** A list is read several times: to check it, to count it, and to compare it with the rows of an earlier run. */
async function expectFile(file: string): Promise<void> {
  if (isAddress(file)) return;
  const found = await stat(file).catch((cause: unknown) => {
    throw new HalonetError(`--from ${file}: ${systemReason(cause)}`, { cause });
  });
  if (found.isFile()) return;
  throw new HalonetError(
    `--from ${file}: it is ${found.isDirectory() ? 'a folder' : 'a pipe or device'}, not a file`,
    {
      hint: found.isDirectory()
        ? 'Name the folder as an input.'
        : 'Pipe the list in, and pass - as the input.',
    },
  );
}

// The columns of outputs, and the members of their JSON.
const RESERVED = /^(path|row|error|stage|stages|predictions|embedding|(index|label|score)_\d+|[ef]\d+)$/;

async function headerOf(file: string, storage: Storage): Promise<readonly string[]> {
  for await (const line of readLines(file, storage))
    if (Array.isArray(line)) return line as readonly string[];
  return [PATH]; // an empty list
}

function noColumn(
  file: string,
  columns: readonly string[],
  flag: string,
  name: string | undefined,
): HalonetError {
  const near = name === undefined ? undefined : correction(name, columns);
  const what =
    name === undefined ? 'it has no column with a usual name for paths' : `it has no column "${name}"`;
  const among = `Its columns are ${columns.slice(0, 20).join(', ')}${columns.length > 20 ? ', …' : ''}.`;
  return new HalonetError(`--from ${file}: ${what}`, {
    hint: near === undefined ? `${among} Name one with ${flag}.` : `Did you mean ${near}? ${among}`,
  });
}

/**
 * Yields the items that the lines of a list lead to, in order. Relative paths start in the folder of the list, or in its root.
 *
 * @param follow yields the items of a path
 * @throws {HalonetError} if the list cannot be read, or is damaged
 */
export async function* itemsOfList(
  list: ListFile,
  follow: (path: string) => AsyncGenerator<Item>,
  storage: Storage,
): AsyncGenerator<Item> {
  const { path, kept } = await listColumns(list, storage);
  for await (const line of readLines(list.path, storage, [path, ...kept])) {
    if (Array.isArray(line)) continue;
    const { number, values, failure } = line as ListLine;
    const value = columnIn(values, path);
    const columns: Columns | undefined =
      kept.length === 0
        ? undefined
        : Object.fromEntries(kept.map((name) => [name, asKept(columnIn(values, name))]));
    const named = (item: Item) => (columns === undefined ? item : withColumns(item, columns));
    if (failure !== undefined) yield named(new BrokenPath(shownAddress(String(value)), failure));
    else if (typeof value !== 'string' || value === '')
      yield named(
        new BrokenPath(`${shownAddress(list.path)}:${number}`, {
          code: 'invalid_name',
          message: 'the line has no path',
        }),
      );
    else for await (const item of follow(inRoot(value, list))) yield named(item);
  }
}

/** Columns may have names that every object has: constructor. */
const columnIn = (values: Columns, name: string) => (Object.hasOwn(values, name) ? values[name] : undefined);

/** JSON has neither NaN nor the infinities. */
const asKept = (value: Columns[string] | undefined) =>
  value === undefined || (typeof value === 'number' && !Number.isFinite(value)) ? null : value;

/** Joins without `path.join`, which would normalise the path as it was given. */
function inRoot(path: string, { path: file, root = folderOf(file) }: ListFile): string {
  if (isAddress(path)) return path;
  if (isAddress(root)) return withinAddress(root, path);
  return root === '.' || isAbsolute(path) ? path : `${root.replace(/(?<=.)\/+$/, '')}/${path}`;
}

const folderOf = (file: string) => (isAddress(file) ? folderOfAddress(file) : dirname(file));
