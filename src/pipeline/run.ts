import type { InputItem } from '../inputs/walk.js';
import type { Row, RowSink } from '../rows.js';
import type { BatchResult, Session } from '../runtime/session.js';
import type { Tensor } from '../tensor.js';
import { type Batch, BufferPool, inBatches } from './batches.js';
import { type DecodeOptions, decodeInOrder } from './decode-in-order.js';
import { inOrder } from './in-order.js';

export interface RunOptions extends Omit<DecodeOptions, 'ahead'> {
  readonly items: AsyncIterable<InputItem>;
  readonly session: Session;
  readonly height: number; // of a decoded image, pixels
  readonly width: number;
  readonly batchSize: number;
  readonly sink: RowSink;
  readonly onRow?: (row: Row) => void;
  readonly signal?: AbortSignal | undefined;
}

// One batch runs while the next is ready: the session never waits for a hand-over.
const BATCHES_IN_FLIGHT = 2;

/**
 * Decodes, infers and writes every input in one pass: one row each, in input order, failed images included.
 * Memory does not grow with the number of inputs. The sink is neither committed nor aborted.
 *
 * @throws whatever the sink or the session throws; the signal's reason when it aborts
 */
export async function run(options: RunOptions): Promise<void> {
  const { items, session, height, width, batchSize, sink, signal } = options;
  const imageBytes = height * width * 3;
  const pool = new BufferPool(batchSize, imageBytes);
  const ahead = batchSize * 2 + options.concurrency;
  const batches = inBatches(decodeInOrder(items, { ...options, ahead }), pool);
  const infer = async (batch: Batch): Promise<Inferred> => {
    if (batch.count === 0) return { batch, result: undefined };
    return { batch, result: await session.run(batch.pixels, [batch.count, height, width, 3]) };
  };
  for await (const { batch, result } of inOrder(batches, infer, BATCHES_IN_FLIGHT)) {
    signal?.throwIfAborted();
    if (result !== undefined) pool.give(result.pixels);
    for (const row of rowsOf(batch, result)) {
      await sink.write(row);
      options.onRow?.(row);
    }
  }
  signal?.throwIfAborted();
}

interface Inferred {
  readonly batch: Batch;
  readonly result: BatchResult | undefined; // undefined: no image in it could be decoded
}

function* rowsOf(batch: Batch, result: BatchResult | undefined): Generator<Row> {
  let place = 0;
  for (const item of batch.items) {
    if (item.status === 'failed') yield item;
    else yield { ...item, outputs: outputsOf(result, place++, batch.count) };
  }
}

/** The tensors of one image of a batch, as views. */
function outputsOf(result: BatchResult | undefined, place: number, count: number): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(result?.outputs ?? {}).map(([name, { dtype, shape, data }]) => {
      const bytes = data.byteLength / count;
      return [
        name,
        { dtype, shape: shape.slice(1), data: data.subarray(place * bytes, (place + 1) * bytes) },
      ];
    }),
  );
}
