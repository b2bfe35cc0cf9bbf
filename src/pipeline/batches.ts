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
  readonly #bytes: number;
  readonly #free: ArrayBuffer[] = [];

  constructor(bytes: number) {
    this.#bytes = bytes;
  }

  take(): Uint8Array {
    return new Uint8Array(this.#free.pop() ?? new ArrayBuffer(this.#bytes));
  }

  give(pixels: Uint8Array): void {
    if (pixels.buffer instanceof ArrayBuffer && pixels.buffer.byteLength === this.#bytes) {
      this.#free.push(pixels.buffer);
    }
  }
}

/**
 * Groups decoded inputs, in order, into batches of `size` images; the last one holds what is left, without padding.
 *
 * @param imageBytes bytes of one decoded image
 */
export async function* inBatches(
  decoded: AsyncIterable<DecodedItem>,
  size: number,
  imageBytes: number,
  pool: BufferPool,
): AsyncGenerator<Batch> {
  let items: DecodedStatus[] = [];
  let pixels = pool.take();
  let count = 0;
  const flush = (): Batch => {
    const batch = { items, pixels: pixels.subarray(0, count * imageBytes), count };
    items = [];
    count = 0;
    pixels = pool.take();
    return batch;
  };
  for await (const item of decoded) {
    if (item.status === 'ok') {
      pixels.set(item.pixels, count++ * imageBytes);
      items.push({ status: 'ok', path: item.path });
    } else {
      items.push(item);
    }
    if (count === size || items.length - count >= MAX_FAILED_PER_BATCH) yield flush();
  }
  if (items.length > 0) yield flush();
}
