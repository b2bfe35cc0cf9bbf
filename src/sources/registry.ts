// src/sources/: inputs to items: folders, files, archives, Parquet files, lists

import { shownAddress } from '../address.js';
import { HalonetError } from '../errors.js';
import type { Item } from '../item.js';
import { brokenPath } from './broken-path.js';
import { file } from './file.js';
import { folder } from './folder.js';
import { InsideFinder } from './inside-finder.js';
import { itemsOfList } from './list-file.js';
import { member } from './member.js';
import { object } from './object.js';
import { parquet } from './parquet.js';
import { pattern } from './pattern.js';
import { prefix } from './prefix.js';
import type { Input, MistakeOptions, Source, Walk, WalkOptions } from './source.js';
import { standardInput } from './standard-input.js';
import { LOCAL, type Storage } from './storage.js';
import { tar } from './tar.js';
import { Targets } from './targets.js';
import { zip } from './zip.js';

/** All kinds of input. The first source that takes an input is its source. */
export const SOURCES: readonly Source[] = [
  standardInput,
  pattern,
  folder,
  tar,
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
 * an unreadable folder, is an item too.
 *
 * @throws {HalonetError} for a list that cannot be read at all, or is not a list of paths
 * @throws the signal's reason on abort
 */
export async function* itemsOf(
  inputs: readonly string[],
  options: WalkOptions,
  sources: readonly Source[] = SOURCES,
): AsyncGenerator<Item> {
  const followed = sources.filter(({ once, typed }) => !once && !typed); // `-` in a list would be the same list
  const itemsOfOne = async function* (name: string, among: readonly Source[]): AsyncGenerator<Item> {
    const { source, input } = await sourceOf(name, among, storage);
    yield* source.items(input, walk);
  };
  const targets = await Targets.open();
  const { storage = LOCAL, imageColumn } = options;
  const inside = new InsideFinder(async () => targets, undefined, imageColumn, storage);
  const walk: Walk = {
    ...options,
    storage,
    targets,
    findInside: (path) => inside.find(path, undefined),
    follow: (name) => itemsOfOne(name, followed),
  };
  try {
    for (const name of inputs) {
      yield* until(walk.signal, itemsOfOne(name, sources));
      walk.signal?.throwIfAborted(); // a list that the abort truncated has not ended
    }
    if (walk.list !== undefined) yield* until(walk.signal, itemsOfList(walk.list, walk.follow, storage));
  } finally {
    await inside.close();
  }
}

async function* until(signal: AbortSignal | undefined, items: AsyncGenerator<Item>): AsyncGenerator<Item> {
  for await (const item of items) {
    signal?.throwIfAborted();
    yield item;
  }
}

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
