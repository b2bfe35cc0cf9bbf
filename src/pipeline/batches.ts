import { HalonetError } from '../errors.js';
import type { DecodedItem } from './decode-in-order.js';

/** A batch for one run: every input in order, and the pixels of those that could be decoded. */
export interface Batch {
  readonly items: readonly DecodedStatus[];
  readonly pixels: Uint8Array; // [count, height, width, 3]
  readonly count: number; // images, at most the batch size
}

/** What is left of an input once its pixels are in the batch. */
export type DecodedStatus =
  | { readonly status: 'ok'; readonly path: string }
  | Extract<DecodedItem, { status: 'failed' }>;

// A batch of failures only would otherwise grow without end.
const MAX_FAILED_PER_BATCH = 256;

/** Buffers of one batch each, used again when a run gives them back. */
export class BufferPool {
  readonly batchSize: number; // images
  readonly imageBytes: number; // of one decoded image
  readonly #free: ArrayBuffer[] = [];

  constructor(batchSize: number, imageBytes: number) {
    this.batchSize = batchSize;
    this.imageBytes = imageBytes;
  }

  /** @throws HalonetError when there is no memory for a batch */
  take(): Uint8Array {
    const free = this.#free.pop();
    if (free !== undefined) return new Uint8Array(free);
    const bytes = this.batchSize * this.imageBytes;
    try {
      return new Uint8Array(bytes);
    } catch (cause) {
      throw new HalonetError(
        `a batch of ${this.batchSize} images needs ${bytes} bytes, more than there are`,
        {
          hint: 'Use a smaller --batch-size.',
          cause,
        },
      );
    }
  }

  give(pixels: Uint8Array): void {
    if (pixels.buffer instanceof ArrayBuffer) this.#free.push(pixels.buffer);
  }
}

const NONE: Uint8Array = new Uint8Array();

/**
 * Groups decoded inputs, in order, into batches of the pool's size; the last one holds what is left, without padding.
 */
export async function* inBatches(
  decoded: AsyncIterable<DecodedItem>,
  pool: BufferPool,
): AsyncGenerator<Batch> {
  const { batchSize, imageBytes } = pool;
  let items: DecodedStatus[] = [];
  let pixels: Uint8Array = NONE;
  let count = 0;
  const flush = (): Batch => {
    const batch = { items, pixels: pixels.subarray(0, count * imageBytes), count };
    [items, pixels, count] = [[], NONE, 0];
    return batch;
  };
  for await (const item of decoded) {
    if (item.status === 'ok') {
      if (count === 0) pixels = pool.take();
      pixels.set(item.pixels, count++ * imageBytes);
      items.push({ status: 'ok', path: item.path });
    } else {
      items.push(item);
    }
    if (count === batchSize || items.length - count >= MAX_FAILED_PER_BATCH) yield flush();
  }
  if (items.length > 0) yield flush();
}
