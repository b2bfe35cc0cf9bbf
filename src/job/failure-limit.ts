import { counted } from '../counted.js';
import { type ImageFailure, TooManyFailures } from '../errors.js';
import type { RowCounts } from '../rows.js';

/** How many images of a job may fail before it stops. */
export type FailureLimit = { readonly count: number } | { readonly percent: number }; // of the rows so far, once there are a hundred

const ENOUGH_ROWS = 100;

/**
 * To be called before the row of a failed image is written: the image is then the first that a later run tries again.
 *
 * @param counts without it
 * @throws TooManyFailures
 */
export function refuseFailure(
  limit: FailureLimit,
  { rows, failures }: RowCounts,
  path: string,
  { code, message }: ImageFailure,
): void {
  const failed = 1 + Object.values(failures).reduce((sum, count) => sum + count, 0);
  const exceeded =
    'count' in limit
      ? failed > limit.count
      : rows + 1 >= ENOUGH_ROWS && failed / (rows + 1) > limit.percent / 100;
  if (!exceeded) return;
  const allowed = 'count' in limit ? `${limit.count}` : `${limit.percent} %`;
  throw new TooManyFailures(
    `${failed} of ${counted(rows + 1, 'image')} failed, more than the ${allowed} allowed; the last is ${JSON.stringify(path)} (${code}: ${message})`,
    { hint: 'Repair or remove it, or allow more failures; --resume starts with this image.' },
  );
}
