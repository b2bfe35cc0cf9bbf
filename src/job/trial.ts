import type { Item } from '../item.js';
import { textFile } from '../outputs/layout.js';
import { withTensorNames } from '../outputs/tensor-names.js';
import type { RowLayout } from '../runs/destination.js';
import type { JobOptions } from './options.js';
import type { ReadyModel } from './ready-model.js';
import { withModel } from './with-model.js';

/** The time and space that a few rows took. */
export interface Trial {
  readonly rows: number;
  readonly seconds: number;
  readonly textBytes: readonly number[]; // of the rows in each output, without a header
}

/** What is known about a job before a trial. */
export interface TrialFacts {
  readonly total: number; // rows of the whole job, because row numbers affect the length of text
  readonly suspects: readonly string[]; // images to decode in a separate process
  readonly layouts: readonly RowLayout[];
}

/**
 * Runs a few inputs through every part of a job except its files.
 * @param inputs at least one
 * @throws HalonetError if the model or the device cannot be used
 */
export async function runTrial(
  inputs: readonly Item[],
  { total, suspects, layouts }: TrialFacts,
  options: JobOptions,
  ready: ReadyModel,
): Promise<Trial> {
  const texts = layouts.map(({ layout, tensors }) => ({ encode: textFile(layout).rows.encode, tensors }));
  return withModel(options, ready, new Set(suspects), async (processItems) => {
    const tried = async (items: readonly Item[]): Promise<Trial> => {
      let rows = 0;
      const textBytes = texts.map(() => 0);
      const start = performance.now();
      await processItems(each(items), async (row) => {
        const number = Math.floor((rows++ * total) / items.length);
        for (const [i, { encode, tensors }] of texts.entries()) {
          const own = withTensorNames(row, tensors);
          if (own.status !== 'stored') textBytes[i] = (textBytes[i] ?? 0) + encode(own, number).byteLength;
        }
      });
      return { rows, textBytes, seconds: (performance.now() - start) / 1000 };
    };
    await tried(inputs.slice(0, 1)); // the first run of a session is the slowest
    return tried(inputs);
  });
}

async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}
