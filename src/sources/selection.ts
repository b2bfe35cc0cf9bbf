import { posix } from 'node:path';
import picomatch from 'picomatch';
import { cropPath } from '../crop.js';
import type { Item } from '../item.js';
import { mulberry32 } from '../random.js';

/** Which items of a walk to take. */
export interface Selection {
  /** Extensions of images in folders and archives, in lower case with the dot; by default those that can be decoded. */
  readonly extensions?: ReadonlySet<string> | undefined;
  readonly include?: readonly string[] | undefined; // patterns, of which an id must match one
  readonly exclude?: readonly string[] | undefined; // patterns, of which it must match none
  readonly limit?: number | undefined; // items at most: the first ones
  readonly sample?: number | undefined; // items at most: chosen at random, in their order
  readonly seed?: number | undefined; // of the choice; default 0
}

/**
 * Takes items of a walk: those whose ids match, then a sample of them, then the first ones. The same walk always gives the same items. A
 * sample is complete only when the walk is, and memory holds as many items.
 */
export function selected(items: AsyncIterable<Item>, selection: Selection): AsyncIterable<Item> {
  const { include, exclude, limit, sample, seed = 0 } = selection;
  let chosen = items;
  if (include !== undefined || exclude !== undefined) chosen = matching(chosen, include, exclude);
  if (sample !== undefined) chosen = sampled(chosen, sample, seed);
  return limit === undefined ? chosen : first(chosen, limit);
}

async function* matching(
  items: AsyncIterable<Item>,
  include: readonly string[] | undefined,
  exclude: readonly string[] = [],
): AsyncGenerator<Item> {
  const [isIncluded, isExcluded] = [matcher(include ?? []), matcher(exclude)];
  for await (const item of items) {
    const path = cropPath(item.id)?.path ?? item.id;
    const id = withoutStart(path.replaceAll('\\', '/'));
    if ((include === undefined || isIncluded(id)) && !isExcluded(id)) yield item;
  }
}

/** Patterns match a whole path, or its end from any folder on: `*.png` matches in every folder, `thumbs/**` every such folder. */
function matcher(patterns: readonly string[]): (id: string) => boolean {
  if (patterns.length === 0) return () => false;
  const plain = patterns.map((one) => withoutStart(one.replace(/\/$/, '/**')));
  return picomatch(
    plain.flatMap((one) => [one, `**/${one}`]),
    { dot: true },
  );
}

/** Resolves `.` and `..`, which patterns do not match, and drops what is left of them, or a slash, at the beginning. */
const withoutStart = (path: string) => posix.normalize(path).replace(/^(\.{0,2}\/)+/, '');

/** Chooses items with equal chances by reservoir sampling (Vitter's algorithm R), and yields them in their order. */
async function* sampled(items: AsyncIterable<Item>, size: number, seed: number): AsyncGenerator<Item> {
  const random = mulberry32(seed);
  const reservoir: { readonly item: Item; readonly order: number }[] = [];
  let order = 0;
  for await (const item of items) {
    const place = order < size ? order : Math.floor(random() * (order + 1));
    if (place < size) reservoir[place] = { item, order };
    order++;
  }
  const chosen = reservoir.sort((a, b) => b.order - a.order);
  // Memory lets go of each: those of a compressed archive share some of what it decompresses to.
  for (let next = chosen.pop(); next !== undefined; next = chosen.pop()) yield next.item;
}

async function* first(items: AsyncIterable<Item>, count: number): AsyncGenerator<Item> {
  if (count === 0) return;
  let taken = 0;
  for await (const item of items) {
    yield item;
    if (++taken === count) return;
  }
}
