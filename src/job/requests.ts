import type { OutputRequest } from '../model/outputs.js';
import type { JobOptions } from './options.js';

/** What the outputs of a job ask of the network: each value once, even if several outputs hold it. */
export interface JobRequests {
  readonly requests: readonly OutputRequest[];
  readonly indices: readonly (readonly number[])[]; // for each output, where its requests are among them
}

/** Returns what a job computes. */
export function requestsOf({ outputs }: Pick<JobOptions, 'outputs'>): JobRequests {
  const each = 'sink' in outputs ? [outputs.requests] : outputs.outputs.map(({ requests }) => requests);
  const indexByKey = new Map<string, number>();
  const requests: OutputRequest[] = [];
  const indexOf = (request: OutputRequest): number => {
    const key = keyOf(request);
    const index = indexByKey.get(key) ?? requests.push(request) - 1;
    indexByKey.set(key, index);
    return index;
  };
  const indices = each.map((own) => own.map(indexOf));
  return { requests, indices };
}

/** Returns a text that requests share if they are of the same value. */
const keyOf = ({ name, pool, normalize = false, dtype = 'float32' }: OutputRequest) =>
  JSON.stringify([name, pool, normalize, dtype]);
