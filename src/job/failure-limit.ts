import { counted } from '../counted.js';
import { type ImageFailure, TooManyFailures } from '../errors.js';
import type { RowCounts } from '../rows.js';

/** How many images of a job may fail before it stops. */
export type FailureLimit = { readonly count: number } | { readonly percent: number }; // of the rows so far, from 100 rows on

const ENOUGH_ROWS = 100;

/**
 * Refuses a failed image beyond the limit. Call it before writing the row: a resumed run then starts with that image.
 *
 * @param counts the counts before it
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
