import { join } from 'node:path';
import type { OutputLayout } from '../outputs/layout.js';
import type { TensorSpec } from '../outputs/row-tensor.js';
import { fileNames, finalPath, PARTIAL, type RunPlace } from './run-place.js';

/** One thing for each file of a run: for its ledger, its text and its arrays. */
export interface PerFile<T> {
  readonly ledger: T;
  readonly text: T;
  readonly arrays: readonly (readonly [TensorSpec, T])[]; // in the order of the layout's
}

/** @param folder of a run in progress; undefined for the finished output */
export function runPaths(place: RunPlace, layout: OutputLayout, folder: string | undefined): PerFile<string> {
  const { text, arrays } = fileNames(place, layout);
  const pathOf = (name = '') =>
    folder === undefined ? finalPath(place, name) : join(folder, PARTIAL.data, name);
  return {
    ledger: folder === undefined ? place.ledger : join(folder, PARTIAL.ledger),
    text: pathOf(text),
    arrays: layout.arrays.map((tensor, i) => [tensor, pathOf(arrays[i])]),
  };
}

/** All of them: the ledger, the text, the arrays. */
export function allOf<T>({ ledger, text, arrays }: PerFile<T>): readonly T[] {
  return [ledger, text, ...arrays.map(([, one]) => one)];
}

/** Opens one after the other; where one cannot be opened, none is left open. */
export async function openAll<T extends { readonly close: () => Promise<void> }>(
  paths: PerFile<string>,
  open: (path: string) => Promise<T>,
): Promise<PerFile<T>> {
  const opened: T[] = [];
  const next = async (path: string) => {
    const one = await open(path);
    opened.push(one);
    return one;
  };
  try {
    const [ledger, text] = [await next(paths.ledger), await next(paths.text)];
    const arrays: [TensorSpec, T][] = [];
    for (const [tensor, path] of paths.arrays) arrays.push([tensor, await next(path)]);
    return { ledger, text, arrays };
  } catch (error) {
    for (const one of opened) await one.close().catch(() => {}); // what went wrong first is what matters
    throw error;
  }
}
