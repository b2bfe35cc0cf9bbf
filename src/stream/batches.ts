import { withTimeout } from '../async/with-timeout.js';
import { HalonetError } from '../errors.js';
import type { DecodedItem } from './decode-in-order.js';

/** A batch for one run: every input in order, and the pixels of those that were decoded. */
export interface Batch {
  readonly items: readonly DecodedStatus[];
  readonly pixels: Uint8Array; // [count, height, width, 3]
  readonly count: number; // images, at most the batch size
}

/** An input without its pixels, which are in the batch. */
export type DecodedStatus =
  | Omit<Extract<DecodedItem, { status: 'ok' }>, 'pixels'>
  | Exclude<DecodedItem, { status: 'ok' }>;

export interface BatchOptions {
  readonly pool: BufferPool;
  readonly size: () => number; // images of the next batch
  /** Returns whether all work is done and only the source can bring more: a batch need not be full then. */
  readonly isIdle: () => boolean;
}

// Otherwise a batch with only rows without pixels would grow without limit.
const MAX_OTHERS_PER_BATCH = 256;

// A source that has been silent for this long (a typed list, a slow disk) may stay silent.
const SILENCE_MS = 20;

/** Buffers of one batch each, reused after a run returns them. */
export class BufferPool {
  readonly imageBytes: number; // of one decoded image
  readonly #onOutOfMemory: (images: number) => void;
  #free: ArrayBuffer[] = [];

  /** @param onOutOfMemory called with a number of images, at least 2, that does not fit in memory; half is tried next */
  constructor(imageBytes: number, onOutOfMemory: (images: number) => void) {
    this.imageBytes = imageBytes;
    this.#onOutOfMemory = onOutOfMemory;
  }

  /**
   * Returns a buffer for a number of images, or for fewer if memory is short.
   *
   * @throws HalonetError if one image does not fit in memory
   */
  take(images: number): Uint8Array {
    const bytes = images * this.imageBytes;
    this.#free = this.#free.filter(({ byteLength }) => byteLength === bytes); // drop buffers of an earlier batch size
    const free = this.#free.pop();
    if (free !== undefined) return new Uint8Array(free);
    try {
      return new Uint8Array(bytes);
    } catch (cause) {
      if (images === 1)
        throw new HalonetError(`one image needs ${bytes} bytes, more than there are`, { cause });
      this.#onOutOfMemory(images);
      return this.take(Math.floor(images / 2));
    }
  }

  give(pixels: Uint8Array): void {
    if (pixels.buffer instanceof ArrayBuffer) this.#free.push(pixels.buffer);
  }
}

const NONE: Uint8Array = new Uint8Array();

/** A batch being filled. */
class Filling {
  readonly #pool: BufferPool;
  readonly #size: () => number;
  #items: DecodedStatus[] = [];
  #pixels = NONE;
  #count = 0;

  constructor({ pool, size }: BatchOptions) {
    this.#pool = pool;
    this.#size = size;
  }

  get isEmpty(): boolean {
    return this.#items.length === 0;
  }

  get isFull(): boolean {
    const { imageBytes } = this.#pool;
    const full = this.#count > 0 && (this.#count + 1) * imageBytes > this.#pixels.byteLength;
    return full || this.#items.length - this.#count >= MAX_OTHERS_PER_BATCH;
  }

  add(item: DecodedItem): void {
    if (item.status !== 'ok') {
      this.#items.push(item);
      return;
    }
    if (this.#count === 0) this.#pixels = this.#pool.take(this.#size());
    this.#pixels.set(item.pixels, this.#count++ * this.#pool.imageBytes);
    const { status, id, target, columns, file, facts } = item;
    this.#items.push({ status, id, target, columns, file, facts });
  }

  /** Returns the batch and starts an empty one. */
  take(): Batch {
    const pixels = this.#pixels.subarray(0, this.#count * this.#pool.imageBytes);
    const batch = { items: this.#items, pixels, count: this.#count };
    [this.#items, this.#pixels, this.#count] = [[], NONE, 0];
    return batch;
  }
}

/**
 * Groups decoded inputs into batches, in order. The last batch, and one that would wait for a silent source, may be smaller;
 * they are not padded.
 */
export async function* groupBatches(
  decoded: AsyncIterable<DecodedItem>,
  options: BatchOptions,
): AsyncGenerator<Batch> {
  const source = decoded[Symbol.asyncIterator]();
  const batch = new Filling(options);
  let reading: Promise<IteratorResult<DecodedItem>> | undefined;
  try {
    for (;;) {
      reading ??= source.next();
      const read = batch.isEmpty ? await reading : await withTimeout(SILENCE_MS, reading);
      if (read === undefined) {
        if (options.isIdle()) yield batch.take();
        continue;
      }
      reading = undefined;
      if (read.done) break;
      batch.add(read.value);
      if (batch.isFull) yield batch.take();
    }
    if (!batch.isEmpty) yield batch.take();
  } finally {
    if (reading === undefined) await source.return?.(); // a pending read may never end
  }
}
