import { setTimeout as sleep } from 'node:timers/promises';

const MOST_SECONDS = 60;

/**
 * Polls until a condition holds. Gives up eventually, so that a test of broken code fails instead of hanging.
 * @throws {Error} if it does not hold within a minute
 */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const start = performance.now();
  while (!(await holds())) {
    if (performance.now() - start > 1000 * MOST_SECONDS)
      throw new Error(`waited ${MOST_SECONDS} seconds for ${what}, in vain`);
    await sleep(2);
  }
}
