import { within } from '../async/within.js';
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
  | Omit<Extract<DecodedItem, { status: 'ok' }>, 'pixels'>
  | Exclude<DecodedItem, { status: 'ok' }>;

export interface BatchOptions {
  readonly pool: BufferPool;
  readonly size: () => number; // images of the batch that begins
  /** Whether nothing is to be had but from the source, and nothing is under way: a batch need not be full then. */
  readonly isIdle: () => boolean;
}

// A batch of rows without pixels only would otherwise grow without end.
const MAX_OTHERS_PER_BATCH = 256;

// A source that has been silent for so long (a list that is typed, a slow disk) may stay so.
const SILENCE_MS = 20;

/** Buffers of one batch each, used again when a run gives them back. */
export class BufferPool {
  readonly imageBytes: number; // of one decoded image
  readonly #onOutOfMemory: (images: number) => void;
  #free: ArrayBuffer[] = [];

  /** @param onOutOfMemory told of a number of images, at least 2, for which there is no memory: half will be tried */
  constructor(imageBytes: number, onOutOfMemory: (images: number) => void) {
    this.imageBytes = imageBytes;
    this.#onOutOfMemory = onOutOfMemory;
  }

  /**
   * Room for a number of images, or for fewer where memory is short.
   *
   * @throws HalonetError when there is no memory for one image
   */
  take(images: number): Uint8Array {
    const bytes = images * this.imageBytes;
    this.#free = this.#free.filter(({ byteLength }) => byteLength === bytes); // the size of batches has changed
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

/** A batch that is being filled. */
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
    const { status, id, target, columns, file } = item;
    this.#items.push({ status, id, target, columns, file });
  }

  /** What it holds; it is empty afterwards. */
  take(): Batch {
    const pixels = this.#pixels.subarray(0, this.#count * this.#pool.imageBytes);
    const batch = { items: this.#items, pixels, count: this.#count };
    [this.#items, this.#pixels, this.#count] = [[], NONE, 0];
    return batch;
  }
}

/**
 * Groups decoded inputs, in order, into batches; the last one holds what is left, without padding, and so does one that
 * would wait for a silent source.
 */
export async function* inBatches(
  decoded: AsyncIterable<DecodedItem>,
  options: BatchOptions,
): AsyncGenerator<Batch> {
  const source = decoded[Symbol.asyncIterator]();
  const batch = new Filling(options);
  let reading: Promise<IteratorResult<DecodedItem>> | undefined;
  try {
    for (;;) {
      reading ??= source.next();
      const read = batch.isEmpty ? await reading : await within(SILENCE_MS, reading);
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
    if (reading === undefined) await source.return?.(); // a read that is pending may never end
  }
}
