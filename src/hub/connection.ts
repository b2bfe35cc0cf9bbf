import type { Proxies } from '../http/proxies.js';
import type { TransferTiming } from '../http/timing.js';
import type { Transport } from '../http/transport.js';

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
