/** The spread of repeated measurements. */
export interface Spread {
  readonly median: number;
  readonly low: number; // first quartile
  readonly high: number; // third quartile
  readonly samples: readonly number[]; // in the order taken
}

/**
 * Computes median and quartiles, interpolated linearly as NumPy does.
 *
 * @throws RangeError without samples
 */
export function spreadOf(samples: readonly number[]): Spread {
  if (samples.length === 0) throw new RangeError('no samples: there is nothing to take a median of');
  const sorted = [...samples].sort((a, b) => a - b);
  const at = (part: number) => quantile(sorted, part);
  return { median: at(0.5), low: at(0.25), high: at(0.75), samples };
}

/** Whether there are enough samples in each spread for ratios of their medians to mean something. */
export const canCompare = (spreads: readonly Spread[]): boolean =>
  spreads.every(({ samples }) => samples.length >= COMPARABLE);

const COMPARABLE = 3; // samples

/** Returns the interquartile range as a fraction of the median. */
export const relativeSpread = ({ median, low, high }: Spread): number => (high - low) / median;

function quantile(sorted: readonly number[], part: number): number {
  const place = part * (sorted.length - 1);
  const below = sorted[Math.floor(place)] ?? 0;
  const above = sorted[Math.ceil(place)] ?? 0;
  return below + (above - below) * (place - Math.floor(place));
}
