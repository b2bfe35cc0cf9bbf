// src/sources/: inputs to items: folders, files, archives, Parquet files, lists

import { shownAddress } from '../address.js';
import { HalonetError } from '../errors.js';
import { type Item, withColumns } from '../item.js';
import type { Columns } from '../rows.js';
import { brokenPath } from './broken-path.js';
import { crop } from './crop.js';
import { file } from './file.js';
import { folder } from './folder.js';
import { InsideFinder } from './inside-finder.js';
import { columnsOfList, itemsOfList, listColumns } from './list-file.js';
import { member } from './member.js';
import { object } from './object.js';
import { parquet } from './parquet.js';
import { pattern } from './pattern.js';
import { prefix } from './prefix.js';
import type {
  FoundColumns,
  Input,
  InputColumns,
  MistakeOptions,
  Source,
  Walk,
  WalkOptions,
} from './source.js';
import { standardInput } from './standard-input.js';
import { LOCAL, type Storage } from './storage.js';
import { tar, tarGzip, tarZstd } from './tar.js';
import { Targets } from './targets.js';
import { zip } from './zip.js';

/** All kinds of input. The first source that takes an input is its source. */
export const SOURCES: readonly Source[] = [
  standardInput,
  pattern,
  crop,
  folder,
  tar,
  tarGzip,
  tarZstd,
  zip,
  parquet,
  file,
  member,
  prefix,
  object,
  brokenPath,
];

/**
 * Yields the items that inputs lead to, in order and one at a time. A path that leads to no image, such as a missing file or
 * an unreadable folder, is an item too. Every item has the columns that are asked for, null where it brings none.
 *
 * @throws {HalonetError} for a list that cannot be read at all, or is not a list of paths
 * @throws the signal's reason on abort
 */
export async function* itemsOf(
  inputs: readonly string[],
  options: WalkOptions,
  sources: readonly Source[] = SOURCES,
): AsyncGenerator<Item> {
  const { walk, close } = await openWalk(inputs, options, sources);
  try {
    for (const name of inputs) {
      yield* until(walk, itemsOfOne(name, sources, walk));
      walk.signal?.throwIfAborted(); // a list that the abort truncated has not ended
    }
    if (walk.list !== undefined) yield* until(walk, itemsOfList(walk.list, walk));
  } finally {
    await close();
  }
}

/**
 * Returns the columns that the items of each input bring, those of the list last.
 *
 * @throws {HalonetError} for a list that cannot be read at all, or is not a list of paths
 */
export async function columnsOf(
  inputs: readonly string[],
  options: WalkOptions,
  sources: readonly Source[] = SOURCES,
): Promise<readonly InputColumns[]> {
  const { walk, close } = await openWalk(inputs, options, sources);
  const found: InputColumns[] = [];
  try {
    for (const name of inputs)
      found.push({ name: shownAddress(name), columns: await columnsOfOne(name, sources, walk) });
    const { list } = walk;
    if (list !== undefined) found.push(await columnsOfList(list, walk));
    return found;
  } finally {
    await close();
  }
}

async function openWalk(inputs: readonly string[], options: WalkOptions, sources: readonly Source[]) {
  const followed = sources.filter(({ once, typed }) => !once && !typed); // `-` in a list would be the same list
  const targets = await Targets.open();
  const { storage = LOCAL, imageColumn } = options;
  const columns = await columnsInside(inputs, options, storage);
  const inside = new InsideFinder(async () => targets, undefined, imageColumn, storage, columns);
  const walk: Walk = {
    ...options,
    storage,
    targets,
    findInside: (path) => inside.find(path, undefined),
    follow: (name) => itemsOfOne(name, followed, walk),
    columnsOf: (name) => columnsOfOne(name, followed, walk),
  };
  return { walk, close: () => inside.close() };
}

/**
 * Returns the columns to read for what is named inside files: none if a list, which comes first, has them all. A member can then be
 * found without its sample.
 */
async function columnsInside(
  inputs: readonly string[],
  { list, columns = [] }: WalkOptions,
  storage: Storage,
): Promise<readonly string[]> {
  if (columns.length === 0 || inputs.length > 0 || list === undefined) return columns;
  const { path, others } = await listColumns(list, storage);
  return columns.every((name) => name === path || others.includes(name)) ? [] : columns;
}

async function* itemsOfOne(name: string, sources: readonly Source[], walk: Walk): AsyncGenerator<Item> {
  const { source, input } = await sourceOf(name, sources, walk.storage);
  yield* source.items(input, walk);
}

async function columnsOfOne(name: string, sources: readonly Source[], walk: Walk): Promise<FoundColumns> {
  const { source, input } = await sourceOf(name, sources, walk.storage);
  return source.columns === undefined ? 'none' : source.columns(input, walk);
}

async function* until({ signal, columns = [] }: Walk, items: AsyncGenerator<Item>): AsyncGenerator<Item> {
  for await (const item of items) {
    signal?.throwIfAborted();
    yield columns.length === 0 ? item : withColumns(item, completed(item.columns ?? {}, columns));
  }
}

/** Returns all columns in their order. They may have names that every object has, such as constructor. */
const completed = (values: Columns, names: readonly string[]): Columns =>
  Object.fromEntries(names.map((name) => [name, asJson(Object.hasOwn(values, name) ? values[name] : null)]));

/** JSON has neither NaN nor the infinities. */
const asJson = (value: Columns[string] = null) =>
  typeof value === 'number' && !Number.isFinite(value) ? null : value;

/**
 * Refuses inputs on the command line that can only be mistakes, before anything is written: missing files, damaged archives. An
 * input that exists but cannot be read is a row, as is every entry of a list.
 *
 * @throws {InputError} for the first mistake
 */
export async function refuseMistaken(
  inputs: readonly string[],
  sources: readonly Source[] = SOURCES,
  options: MistakeOptions = {},
): Promise<void> {
  const { storage = LOCAL } = options;
  for (const name of inputs) {
    const { source, input } = await sourceOf(name, sources, storage);
    const mistake = (await storage.mistake(name)) ?? (await source.mistake?.(input, { ...options, storage }));
    if (mistake !== undefined) throw mistake;
  }
}

async function sourceOf(
  path: string,
  sources: readonly Source[],
  storage: Storage,
): Promise<{ readonly source: Source; readonly input: Input }> {
  const name = shownAddress(path);
  const input = { name, path, found: await storage.inspect(path) };
  const source = sources.find(({ takes }) => takes(input));
  if (source === undefined) throw new HalonetError(`${name} is not an input that halonet knows`);
  return { source, input };
}
