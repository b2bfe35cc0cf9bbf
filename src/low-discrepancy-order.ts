/** Reorders items so that any prefix is spread over the whole list. */
export function lowDiscrepancyOrder<T>(items: readonly T[]): readonly T[] {
  const turn = (Math.sqrt(5) - 1) / 2; // the multiples of the golden ratio fill a circle evenly
  return items
    .map((item, i) => ({ item, angle: (i * turn) % 1 }))
    .sort((a, b) => a.angle - b.angle)
    .map(({ item }) => item);
}
