import type { Item } from '../item.js';
import { countFailure, type RowCounts } from '../rows.js';

/** What a walk of inputs comes to. */
export interface Survey {
  readonly images: number; // paths that are there, readable or not
  readonly failures: RowCounts['failures']; // inputs that lead to none
  readonly rows: number; // one for each of both
  readonly first: readonly Item[];
}

/** @param remembered of the first items */
export async function survey(items: AsyncIterable<Item>, remembered: number): Promise<Survey> {
  const failures: Partial<Record<keyof Survey['failures'], number>> = {};
  const first: Item[] = [];
  let [images, rows] = [0, 0];
  for await (const item of items) {
    rows++;
    if (first.length < remembered) first.push(item);
    if (item.status === 'found') images++;
    else countFailure(failures, item.failure.code);
  }
  return { images, failures, rows, first };
}
