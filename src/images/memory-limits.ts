import { totalmem } from 'node:os';
import { constrainedMemory } from 'node:process';

/** The memory limits of the process that decodes images, in bytes. */
export interface MemoryLimits {
  readonly decoding: number; // during an image: the process is killed, and the image fails
  readonly idle: number; // between images: the next one gets a new process
}

const MOST = 4 * 2 ** 30; // an AVIF of 200 million pixels takes this much
const SHARE = 0.5; // of the available memory
const IDLE = 512 * 2 ** 20; // memory that a process keeps beyond this would count against later images

/**
 * Returns the limits for this machine or container.
 *
 * @param total the machine's memory in bytes
 * @param constrained bytes that this process may use: 0, or more than there are, if nothing limits it
 */
export function memoryLimits(total = totalmem(), constrained = constrainedMemory()): MemoryLimits {
  const available = Math.min(total, constrained || Number.POSITIVE_INFINITY);
  return { decoding: Math.min(MOST, SHARE * available), idle: IDLE };
}
