import PQueue from 'p-queue';
import type { RunTiming } from '../runtime/protocol.js';
import { BatchTuner } from './batch-tuner.js';
import { DecoderTuner } from './decoder-tuner.js';
import { type Memory, memoryRoom } from './memory-room.js';

export interface TuningOptions {
  readonly batchSize?: number | undefined; // images; tuned by measurement if undefined
  readonly decoders?: number | undefined; // images decoded at once; tuned by measurement if undefined
  readonly machine: Machine;
  readonly onNote?: ((note: string) => void) | undefined; // one line, for a person
}

/** Limits on the measured settings. */
export interface Machine {
  readonly decoders: number; // most images decoded at once, at least 1
  readonly memory: () => Memory;
}

/** The settings that measurement chose. */
export interface MeasuredSettings {
  readonly batchSize: number; // images
  readonly decoders: number;
}

// Limits of a tuned batch. About four batches are in memory at once.
const LARGEST_BATCH = 1024; // images
const LARGEST_BATCH_BYTES = 2 ** 27;

const FIRST_DECODERS = 2; // one reads an image while the other decodes

/** The settings tuned by measurement while a run is in progress, and the decoder queue that follows them. */
export class Tuning {
  readonly decoders: PQueue; // its concurrency is the number of decoders
  readonly #batch: BatchTuner;
  readonly #decoders: DecoderTuner;
  readonly #isMeasured: boolean;
  readonly #onNote: (note: string) => void;

  /** @param imageBytes of a decoded image */
  constructor({ batchSize, decoders, machine, onNote = () => {} }: TuningOptions, imageBytes: number) {
    const largest = Math.max(1, Math.min(LARGEST_BATCH, Math.floor(LARGEST_BATCH_BYTES / imageBytes)));
    this.#isMeasured = batchSize === undefined;
    this.#batch = new BatchTuner({
      smallest: batchSize ?? 1,
      largest: batchSize ?? largest,
      fits: memoryRoom(machine.memory),
    });
    this.#decoders = new DecoderTuner({
      smallest: decoders ?? FIRST_DECODERS,
      largest: decoders ?? machine.decoders,
    });
    this.decoders = new PQueue({ concurrency: this.#decoders.count });
    this.#onNote = onNote;
  }

  /** The number of images of the next batch. */
  get batchSize(): number {
    return this.#batch.size;
  }

  /** The most images of one run. */
  get largestRun(): number {
    return this.#batch.largest;
  }

  /** How many images may be decoded before they are in a batch: the next batch, and enough to keep the decoders busy. */
  get ahead(): number {
    return this.#batch.size + 2 * this.#decoders.count;
  }

  /** The measured settings; undefined until measurement is done, as in a short run, and if the batch size was given. */
  get measured(): MeasuredSettings | undefined {
    if (!this.#isMeasured || !this.#batch.settled) return undefined;
    return { batchSize: this.#batch.size, decoders: this.#decoders.count };
  }

  /** Records a run of the session. */
  ran(images: number, { ran, waited }: RunTiming): void {
    this.#batch.ran(images, ran);
    const busy = this.decoders.pending >= this.decoders.concurrency;
    this.#decoders.ran({ images, ran, waited, busy });
    this.decoders.concurrency = this.#decoders.count;
  }

  /** Halves later batches, after one of 2 images or more did not fit in memory. */
  outOfMemory(images: number): void {
    const half = Math.floor(images / 2);
    this.#batch.limit(half);
    this.#onNote(`out of memory for a batch of ${images}: continuing with ${half}`);
  }
}
