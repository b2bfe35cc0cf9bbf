import type { Item } from '../item.js';
import { countFailure, type RowCounts } from '../rows.js';

/** The result of a walk of inputs. */
export interface Survey {
  readonly images: number; // existing files, readable or not
  readonly failures: RowCounts['failures']; // inputs that lead to no image
  readonly rows: number; // one for each image and each failure
  readonly first: readonly Item[];
}

/** @param remembered how many of the first items to return */
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
