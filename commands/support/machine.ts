import { availableParallelism } from 'node:os';
import { setFlagsFromString } from 'node:v8';
import type { Machine } from '../../src/stream/tuning.js';

/** What bounds the numbers that a run finds by measurement: cores, the threads that decode on them, memory. */
export function thisMachine(): Machine {
  // As libuv reads it: a text that is no number stands for one thread.
  const pool = Math.max(1, Number.parseInt(process.env.UV_THREADPOOL_SIZE ?? '4', 10) || 1);
  return {
    decoders: Math.min(availableParallelism() + 1, pool),
    memory: () => ({ resident: process.memoryUsage.rss(), available: process.availableMemory() }),
  };
}

/**
 * Has garbage collected while it is less than half of what is in use. V8 would let several times that gather, tens of
 * megabytes in a long run; this takes some ten milliseconds every few seconds. Not for the loading of a model, which
 * makes much that stays.
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--heap-growing-percent=40');
}
