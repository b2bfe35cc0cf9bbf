import { openDecoder } from '../images/decoder.js';
import type { InputItem } from '../inputs/walk.js';
import type { JobOptions, ReadyModel } from './job.js';
import { openSession } from './open-session.js';
import { run } from './run.js';

/** What a few rows took. */
export interface Trial {
  readonly rows: number;
  readonly seconds: number;
  readonly textBytes: number; // of the rows, without a header
}

/**
 * Takes a few inputs through all of a job but its files.
 * @param inputs at least one
 * @param total rows that the job will have, which its text may count
 * @param suspects images that a process of its own decodes
 * @throws HalonetError when the model or the device cannot be used
 */
export async function tryRows(
  inputs: readonly InputItem[],
  { total, suspects }: { readonly total: number; readonly suspects: readonly string[] },
  options: JobOptions,
  { prepared, choice, layout }: ReadyModel,
): Promise<Trial> {
  const { threads, signal, batchSize, decoders, machine, decodeSeconds } = options;
  const { onnx, preprocessing } = prepared;
  const { session } = await openSession(onnx, choice, threads, signal);
  const decoder = openDecoder(preprocessing, {
    ...{ timeout: decodeSeconds, signal },
    isolated: (path) => suspects.includes(path),
  });
  const take = async (items: readonly InputItem[]): Promise<Trial> => {
    let [rows, textBytes] = [0, 0];
    const start = performance.now();
    await run({
      ...{ items: each(items), session, signal, batchSize, decoders, machine },
      ...{ height: preprocessing.height, width: preprocessing.width },
      decode: (path) => decoder.decode(path),
      async write(row) {
        const number = Math.floor((rows++ * total) / items.length);
        if (row.status !== 'stored') textBytes += Buffer.byteLength(layout.text.text(row, number));
      },
    });
    return { rows, textBytes, seconds: (performance.now() - start) / 1000 };
  };
  try {
    await take(inputs.slice(0, 1)); // the first run of a session takes longer than all others
    return await take(inputs);
  } finally {
    await decoder.close();
    await session.close();
  }
}

async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}
