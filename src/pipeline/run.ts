import { ModelError } from '../errors.js';
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
 * @throws whatever the sink or the session throws; the signal's reason when it aborts; ModelError when the model computes
 *   NaN for an image
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
    else yield { ...item, outputs: outputsOf(item.path, result, place++, batch.count) };
  }
}

/** The tensors of one image of a batch, as views. */
function outputsOf(
  path: string,
  result: BatchResult | undefined,
  place: number,
  count: number,
): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(result?.outputs ?? {}).map(([name, { dtype, shape, data }]) => {
      const bytes = data.byteLength / count;
      const view = data.subarray(place * bytes, (place + 1) * bytes);
      if (startsWithNaN(dtype, view)) {
        throw new ModelError(`the model computes NaN for ${path} (output ${name})`, {
          hint: 'Its weights are damaged, or --mean and --std are far off.',
        });
      }
      return [name, { dtype, shape: shape.slice(1), data: view }];
    }),
  );
}

// In files NaN stands for a failed image, so it must not come from a good one. A NaN spreads through every layer: the
// first value tells.
function startsWithNaN(dtype: Tensor['dtype'], data: Uint8Array): boolean {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  if (dtype === 'float16') return (view.getUint16(0, true) & 0x7fff) > 0x7c00;
  return Number.isNaN(view.getFloat32(0, true));
}
