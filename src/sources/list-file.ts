import { stat } from 'node:fs/promises';
import { dirname, isAbsolute } from 'node:path';
import { folderOfAddress, isAddress, shownAddress, withinAddress } from '../address.js';
import { cropOf } from '../crop.js';
import { HalonetError } from '../errors.js';
import { BrokenPath } from '../file-item.js';
import { type Item, withColumns } from '../item.js';
import type { Columns } from '../rows.js';
import { correction } from '../spelling.js';
import { systemReason } from '../system-reason.js';
import { cropped } from './cropped-item.js';
import { formatOfList, type ListLine, PATH, readLines } from './list-format.js';
import { archiveKind } from './signatures.js';
import type { InputColumns, ListCrop, ListFile, Walk } from './source.js';
import { LOCAL, type Storage } from './storage.js';

/** The columns of a list. */
export interface ListColumns {
  readonly path: string; // the name of that of the paths
  readonly others: readonly string[];
}

const USUAL = [PATH, 'file_path', 'filepath', 'file_name', 'filename', 'file', 'image_path', 'image'];

/**
 * Reads the columns of a list, and checks those that are asked for.
 *
 * @throws {HalonetError} if the list cannot be read, or has no such columns
 */
export async function listColumns(list: ListFile, storage: Storage = LOCAL): Promise<ListColumns> {
  const { path, pathColumn, root, crop } = list;
  const file = shownAddress(path);
  if (!formatOfList(path).hasColumns && (pathColumn !== undefined || crop !== undefined)) {
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
  const missing = crop?.columns.find((name) => !columns.includes(name));
  if (missing !== undefined) throw noColumn(file, columns, '--crop-columns', missing);
  return { path: column, others: columns.filter((name) => name !== column) };
}

/**
 * Returns the columns that the lines of a list bring: its own, then those of the input that its first line names, such as an archive.
 *
 * @throws {HalonetError} if the list cannot be read, or has no column of paths
 */
export async function columnsOfList(list: ListFile, { columnsOf, storage }: Walk): Promise<InputColumns> {
  const { path, others } = await listColumns(list, storage);
  const first = await firstPath(list, path, storage);
  const further = first === undefined ? 'none' : await columnsOf(first);
  const name = shownAddress(list.path);
  if (!formatOfList(list.path).hasColumns) return { name, columns: further };
  const more = typeof further === 'string' ? [] : further.filter((one) => !others.includes(one));
  return { name, columns: [...others, ...more], onlyByName: path };
}

async function firstPath(list: ListFile, path: string, storage: Storage): Promise<string | undefined> {
  for await (const line of readLines(list.path, storage, [path])) {
    if (Array.isArray(line)) continue;
    const value = columnIn((line as ListLine).values, path);
    return typeof value === 'string' && value !== '' ? inRoot(value, list) : undefined;
  }
  return undefined;
}

/** A list is read several times: to check it, to count it, and to compare it with the rows of an earlier run. */
async function expectFile(file: string): Promise<void> {
  if (isAddress(file)) return;
  const found = await stat(file).catch((cause: unknown) => {
    throw new HalonetError(`--from ${file}: ${systemReason(cause)}`, { cause });
  });
  if (found.isFile()) return expectNoArchive(file);
  throw new HalonetError(
    `--from ${file}: it is ${found.isDirectory() ? 'a folder' : 'a pipe or device'}, not a file`,
    {
      hint: found.isDirectory()
        ? 'Name the folder as an input.'
        : 'Pipe the list in, and pass - as the input.',
    },
  );
}

/** An archive would be read as text, and its members' names taken as paths. */
async function expectNoArchive(file: string): Promise<void> {
  if (!formatOfList(file).isText) return;
  const kind = await archiveKind(file);
  if (kind === undefined) return;
  throw new HalonetError(`--from ${file}: it is ${kind}, not a list of paths`, {
    hint: 'Name an archive of images as an input, without --from; decompress a compressed list.',
  });
}

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
 * Yields the items that the lines of a list lead to, in order. Relative paths start in the folder of the list, or in its root. The
 * columns of the list win over those that an item has of its own. Addresses in the column of the paths are as ids show them.
 *
 * @throws {HalonetError} if the list cannot be read, or is damaged
 */
export async function* itemsOfList(
  list: ListFile,
  { follow, onCount, storage, columns = [] }: Pick<Walk, 'follow' | 'onCount' | 'storage' | 'columns'>,
): AsyncGenerator<Item> {
  const { path, others } = await listColumns(list, storage);
  const { crop = WHOLE } = list;
  const kept = columns.filter((name) => name === path || others.includes(name));
  for await (const line of readLines(list.path, storage, [path, ...crop.columns, ...kept])) {
    if (Array.isArray(line)) continue;
    const { number, values, failure } = line as ListLine;
    onCount?.('lines', 1);
    const value = columnIn(values, path);
    const shown = typeof value === 'string' ? { ...values, [path]: shownAddress(value) } : values;
    const own: Columns = Object.fromEntries(kept.map((name) => [name, columnIn(shown, name) ?? null]));
    const named = (item: Item) =>
      columns.length === 0 ? item : withColumns(item, { ...item.columns, ...own });
    if (failure !== undefined) yield named(new BrokenPath(shownAddress(String(value)), failure));
    else if (typeof value !== 'string' || value === '')
      yield named(
        new BrokenPath(`${shownAddress(list.path)}:${number}`, {
          code: 'invalid_name',
          message: 'the line has no path',
        }),
      );
    else for await (const item of partsOf(inRoot(value, list), values, crop, follow)) yield named(item);
  }
}

const WHOLE: ListCrop = { columns: [], isFraction: false };

/** Yields the items of a path, each cropped to the box of the line. */
async function* partsOf(
  path: string,
  values: Columns,
  { columns, isFraction }: ListCrop,
  follow: Walk['follow'],
): AsyncGenerator<Item> {
  if (columns.length === 0) {
    yield* follow(path);
    return;
  }
  const box = columns.map((name) => columnIn(values, name) ?? '');
  const crop = cropOf(box, isFraction);
  if (crop === undefined) {
    const message = `the box ${JSON.stringify(box.join(','))} is not four numbers`;
    yield new BrokenPath(`${shownAddress(path)}#xywh=${box.join(',')}`, { code: 'invalid_crop', message });
    return;
  }
  for await (const item of follow(path)) yield cropped(item, crop);
}

/** Columns may have names that every object has: constructor. */
const columnIn = (values: Columns, name: string) => (Object.hasOwn(values, name) ? values[name] : undefined);

/** Joins without `path.join`, which would normalise the path as it was given. */
function inRoot(path: string, { path: file, root = folderOf(file) }: ListFile): string {
  if (isAddress(path)) return path;
  if (isAddress(root)) return withinAddress(root, path);
  return root === '.' || isAbsolute(path) ? path : `${root.replace(/(?<=.)\/+$/, '')}/${path}`;
}

const folderOf = (file: string) => (isAddress(file) ? folderOfAddress(file) : dirname(file));
