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
  const image = `${JSON.stringify(path)} (${code}: ${message})`;
  if ('count' in limit && limit.count === 0) {
    const which = failed === 1 ? 'the first' : 'a';
    throw new TooManyFailures(`stopped at ${which} failed image, ${image}`, {
      hint: 'Repair or remove it, or allow failures with --max-failures.',
    });
  }
  const allowed = 'count' in limit ? limit.count : `${limit.percent}%`;
  const images = rows === 0 ? 'the first image' : `the first ${counted(rows + 1, 'image')}`;
  throw new TooManyFailures(
    `stopped by --max-failures ${allowed}: ${failed} of ${images} failed, the latest ${image}`,
    { hint: 'Repair or remove it, or allow more failures with --max-failures.' },
  );
}
