// src/sources/: inputs to items: folders, files, lists on standard input

import { HalonetError } from '../errors.js';
import type { Item } from '../item.js';
import { file } from './file.js';
import { folder } from './folder.js';
import { nothing } from './nothing.js';
import { lookAt } from './path.js';
import type { Input, Source, Walk, WalkOptions } from './source.js';
import { standardInput } from './standard-input.js';
import { Targets } from './targets.js';

/** What inputs may be. The first source that takes an input is its source. */
export const SOURCES: readonly Source[] = [standardInput, folder, file, nothing];

/**
 * The items that inputs lead to, in order and one at a time. What leads to no image is an item, too: a missing path, an
 * unreadable folder.
 *
 * @throws {HalonetError} for a list that cannot be read at all, or is none of paths
 * @throws the signal's reason when it aborts
 */
export async function* itemsOf(
  inputs: readonly string[],
  options: WalkOptions,
  sources: readonly Source[] = SOURCES,
): AsyncGenerator<Item> {
  const followed = sources.filter(({ once }) => !once); // a list in a list would be the same one
  const itemsOfOne = async function* (name: string, among: readonly Source[]): AsyncGenerator<Item> {
    const { source, input } = await sourceOf(name, among);
    yield* source.items(input, walk);
  };
  const walk: Walk = {
    ...options,
    targets: await Targets.open(),
    follow: (name) => itemsOfOne(name, followed),
  };
  for (const name of inputs) {
    for await (const item of itemsOfOne(name, sources)) {
      walk.signal?.throwIfAborted();
      yield item;
    }
    walk.signal?.throwIfAborted(); // a list that the abort has cut short is not at its end
  }
}

/**
 * Refuses inputs of a command line that cannot be meant, before anything is written: one that does not exist, a URL, an
 * archive. What exists and cannot be read is a row, and so is all that a list names.
 *
 * @throws {InputError} for the first of them
 */
export async function refuseMistaken(
  inputs: readonly string[],
  sources: readonly Source[] = SOURCES,
): Promise<void> {
  for (const name of inputs) {
    const { source, input } = await sourceOf(name, sources);
    const mistake = await source.mistake?.(input);
    if (mistake !== undefined) throw mistake;
  }
}

async function sourceOf(
  name: string,
  sources: readonly Source[],
): Promise<{ readonly source: Source; readonly input: Input }> {
  const input = { name, found: await lookAt(name) };
  const source = sources.find(({ takes }) => takes(input));
  if (source === undefined) throw new HalonetError(`${name} is no input that halonet knows.`);
  return { source, input };
}
