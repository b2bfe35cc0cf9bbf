import { totalmem } from 'node:os';
import { constrainedMemory } from 'node:process';

/** How much memory the process that decodes images may hold, in bytes. */
export interface MemoryLimits {
  readonly decoding: number; // with an image: the process is ended, and the image fails
  readonly idle: number; // between two images: the next one gets a new process
}

const MOST = 4 * 2 ** 30; // what an AVIF of 200 million pixels takes
const SHARE = 0.5; // of what there is
const IDLE = 512 * 2 ** 20; // what a process keeps beyond this would count against the images to come

/**
 * The limits on a machine, or in a container.
 *
 * @param total bytes of memory that the machine has
 * @param constrained bytes that this process may take: 0, or more than there is, where nothing limits it
 */
export function memoryLimits(total = totalmem(), constrained = constrainedMemory()): MemoryLimits {
  const available = Math.min(total, constrained || Number.POSITIVE_INFINITY);
  return { decoding: Math.min(MOST, SHARE * available), idle: IDLE };
}
