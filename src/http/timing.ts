import { setTimeout as sleep } from 'node:timers/promises';

/** The patience of transfers. Times are in milliseconds. */
export interface TransferTiming {
  readonly stallMs: number; // this long without a byte counts as a broken connection
  readonly retries: number; // consecutive attempts without progress, after the first
  readonly wait: (ms: number, signal: AbortSignal | undefined) => Promise<void>; // between attempts
}

export const TRANSFER_TIMING: TransferTiming = {
  stallMs: 30_000,
  retries: 5,
  wait: async (ms, signal) => {
    await sleep(ms, undefined, signal ? { signal } : {});
  },
};
