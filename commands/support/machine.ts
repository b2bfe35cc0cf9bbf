import { availableParallelism } from 'node:os';
import { setFlagsFromString } from 'node:v8';
import type { Machine } from '../../src/stream/tuning.js';

/** The limits on the numbers that a run finds by measurement: cores, decoding threads, memory. */
export function thisMachine(): Machine {
  // As libuv reads it: text that is not a number means one thread.
  const pool = Math.max(1, Number.parseInt(process.env.UV_THREADPOOL_SIZE ?? '4', 10) || 1);
  return {
    decoders: Math.min(availableParallelism() + 1, pool),
    memory: () => ({ resident: process.memoryUsage.rss(), available: process.availableMemory() }),
  };
}

/**
 * Triggers garbage collection before garbage exceeds half of what is in use. V8 would let it grow to several times
 * that, tens of megabytes in a long run; this costs about ten milliseconds every few seconds. Do not use it while a
 * model loads, since most of what loading allocates stays.
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--heap-growing-percent=40');
}
