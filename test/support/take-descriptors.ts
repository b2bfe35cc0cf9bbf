import { closeSync, openSync, writeSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

// Preloaded into the command line: on SIGUSR2, opens files up to the limit, then closes as many as are to stay free.

export const FREE_VARIABLE = 'HALONET_TEST_FREE_DESCRIPTORS';
export const TAKEN = 'taken\n'; // printed to standard error when done

function take(free: number): void {
  const taken: number[] = [];
  try {
    for (;;) taken.push(openSync('/dev/null', 'r'));
  } catch {
    for (const descriptor of taken.slice(0, free)) closeSync(descriptor);
  }
  writeSync(2, TAKEN);
}

const free = process.env[FREE_VARIABLE];
if (isMainThread && free !== undefined) process.once('SIGUSR2', () => take(Number(free)));
