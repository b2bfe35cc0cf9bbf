// src/stream/: items through decoding, batches and inference to rows

import { mapInOrder } from '../async/map-in-order.js';
import { WatchedSource } from '../async/watched-source.js';
import type { JobItem } from '../item.js';
import type { Row } from '../rows.js';
import type { Session } from '../runtime/session.js';
import { batchRows } from './batch-rows.js';
import { type Batch, BufferPool, groupBatches } from './batches.js';
import { type DecodeOptions, decodeInOrder } from './decode-in-order.js';
import { type InferredPart, infer } from './infer.js';
import { StageClock } from './stage-clock.js';
import { type MeasuredSettings, Tuning, type TuningOptions } from './tuning.js';

export interface RunOptions extends Pick<DecodeOptions, 'decode'>, TuningOptions {
  readonly items: AsyncIterable<JobItem>;
  readonly session: Session;
  readonly height: number; // of a decoded image, pixels
  readonly width: number;
  readonly write: (row: Row) => Promise<void>;
  readonly clock?: StageClock | undefined; // measures what the run waits for
  readonly signal?: AbortSignal | undefined;
}

// While one batch runs, the next is ready, so the session never waits for it.
const BATCHES_IN_FLIGHT = 2;

/**
 * Decodes, infers and writes every input in one pass: one row each, in input order, failed images included.
 * Memory does not grow with the number of inputs.
 *
 * @returns the batch size and number of decoders if they were measured
 * @throws whatever `write` or the session throws; the signal's reason on abort; ModelError if the model computes NaN for an
 *   image; HalonetError if one image does not fit in memory
 */
export async function run(options: RunOptions): Promise<MeasuredSettings | undefined> {
  const { session, height, width, decode, write, signal, clock = new StageClock() } = options;
  const imageBytes = height * width * 3;
  const tuning = new Tuning(options, imageBytes);
  const pool = new BufferPool(imageBytes, (images) => tuning.outOfMemory(images));
  const source = new WatchedSource(options.items, (pending) =>
    pending ? clock.begin('reading') : clock.end('reading'),
  );
  let running = 0; // batches
  const inferBatch = async (batch: Batch): Promise<Inferred> => {
    if (batch.count === 0) return { batch, parts: [] };
    running++;
    const { parts, pixels } = await clock.during('inference', () =>
      infer(batch.pixels, batch.count, { session, height, width, tuning }),
    );
    running--;
    pool.give(pixels);
    return { batch, parts };
  };
  const decoded = decodeInOrder(source, { decode, decoders: tuning.decoders, ahead: () => tuning.ahead });
  const isIdle = () => source.pending && tuning.decoders.size + tuning.decoders.pending + running === 0;
  const batches = groupBatches(decoded, { pool, size: () => tuning.batchSize, isIdle });
  for await (const { batch, parts } of mapInOrder(batches, inferBatch, () => BATCHES_IN_FLIGHT)) {
    signal?.throwIfAborted();
    await clock.during('writing', async () => {
      for (const row of batchRows(batch, parts)) await write(row);
    });
  }
  signal?.throwIfAborted();
  return tuning.measured;
}

interface Inferred {
  readonly batch: Batch;
  readonly parts: readonly InferredPart[]; // empty if no image in the batch could be decoded
}
