import type { LookupFunction } from 'node:net';
import type { Proxies } from '../http/proxies.js';
import type { TransferTiming } from '../http/timing.js';

/** Images requested at once, unless asked otherwise. */
export const REQUESTS = 32;

/** How long one image may take, unless asked otherwise. */
export const FETCH_SECONDS = 300;

/** How to reach servers. */
export interface RemoteSettings {
  readonly proxies: Proxies;
  readonly requests: number; // images at once
  readonly seconds: number; // for one image or range, without the waits between attempts
  readonly publicHostsOnly: boolean; // refuse hosts of private networks and this machine
  readonly lookup?: LookupFunction | undefined; // resolves the names of hosts; the system's by default
  readonly timing?: Partial<TransferTiming> | undefined;
  readonly s3?: S3Server | undefined;
}

/** Which server to ask for objects of S3, and how. Credentials and profiles are found by AWS's own SDK. */
export interface S3Server {
  /** The address of another server than AWS's; by default, the one that the environment or the profile configures, if any. */
  readonly endpoint?: string | undefined;
  readonly anonymous?: boolean | undefined; // sends requests without a signature, as to public buckets
  readonly region?: string | undefined; // if neither the environment nor the profile tells it
}

/** What was requested from servers so far. */
export interface RemoteCounts {
  readonly requests: number; // redirects and retries included
  readonly retries: number;
  readonly bytes: number; // received, of bodies
}
