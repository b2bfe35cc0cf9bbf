import { setTimeout as sleep } from 'node:timers/promises';
import type { Proxies } from './proxies.js';
import type { Transport } from './transport.js';

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

/** What all requests of one download share. */
export interface HubConnection {
  readonly endpoint: string;
  readonly token: string | undefined;
  readonly proxies: Proxies; // used by `transport`; here for messages
  readonly transport: Transport;
  readonly timing: TransferTiming;
  readonly onNote: (note: string) => void; // one line, for a person
  readonly signal: AbortSignal | undefined;
}
