import PQueue from 'p-queue';
import type { RunTiming } from '../runtime/protocol.js';
import { BatchTuner } from './batch-tuner.js';
import { DecoderTuner } from './decoder-tuner.js';
import { type Memory, memoryRoom } from './memory-room.js';

export interface TuningOptions {
  readonly batchSize?: number | undefined; // images of a run; undefined: found by measurement
  readonly decoders?: number | undefined; // images decoded at once; undefined: found by measurement
  readonly machine: Machine;
  readonly onNote?: ((note: string) => void) | undefined; // one line, for a person
}

/** What bounds the numbers that are found by measurement. */
export interface Machine {
  readonly decoders: number; // images that can be decoded at once, at least 1
  readonly memory: () => Memory;
}

/** What measuring came to. */
export interface MeasuredSettings {
  readonly batchSize: number; // images
  readonly decoders: number;
}

// Of a batch whose size is found by measurement. Some four of them are in memory at once.
const LARGEST_BATCH = 1024; // images
const LARGEST_BATCH_BYTES = 2 ** 27;

const FIRST_DECODERS = 2; // one image is read while another is computed

/** The numbers of a run that are found by measurement while it goes on, and the decoders that follow them. */
export class Tuning {
  readonly decoders: PQueue; // decodes as many images at once as there are decoders
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

  /** Images of the batch that begins. */
  get batchSize(): number {
    return this.#batch.size;
  }

  /** The most images of one run. */
  get largestRun(): number {
    return this.#batch.largest;
  }

  /** Images decoded or being decoded before they are in a batch: the next batch, and what keeps the decoders busy. */
  get ahead(): number {
    return this.#batch.size + 2 * this.#decoders.count;
  }

  /** What was measured, once that is done; undefined before, as in a short run, and where the batch size was given. */
  get measured(): MeasuredSettings | undefined {
    if (!this.#isMeasured || !this.#batch.settled) return undefined;
    return { batchSize: this.#batch.size, decoders: this.#decoders.count };
  }

  /** Takes note of a run of the session. */
  ran(images: number, { ran, waited }: RunTiming): void {
    this.#batch.ran(images, ran);
    const busy = this.decoders.pending >= this.decoders.concurrency;
    this.#decoders.ran({ images, ran, waited, busy });
    this.decoders.concurrency = this.#decoders.count;
  }

  /** There was out of memory for a batch of 2 images or more: later ones are half as large. */
  outOfMemory(images: number): void {
    const half = Math.floor(images / 2);
    this.#batch.limit(half);
    this.#onNote(`out of memory for a batch of ${images}: continuing with ${half}`);
  }
}
