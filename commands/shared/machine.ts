import { availableParallelism } from 'node:os';
import type { Machine } from '../../src/pipeline/tuning.js';

/** What bounds the numbers that a run finds by measurement: cores, the threads that decode on them, memory. */
export function thisMachine(): Machine {
  return {
    decoders: Math.min(availableParallelism() + 1, Number(process.env.UV_THREADPOOL_SIZE ?? 4)),
    memory: () => ({ resident: process.memoryUsage.rss(), available: process.availableMemory() }),
  };
}
