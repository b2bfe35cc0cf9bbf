import distance from 'damerau-levenshtein';

const SLIPS = 2; // letters

/** Returns the name that `name` is a typing error for; undefined if `name` is known, or too far from all. */
export function correction(name: string, known: readonly string[]): string | undefined {
  const alike = known.filter((candidate) => Math.abs(candidate.length - name.length) <= SLIPS); // each extra letter is a slip
  const [closest] = byDistance(name, alike);
  if (closest === undefined) return undefined;
  const [candidate, distance] = closest;
  return distance > 0 && distance <= SLIPS && distance < name.length / 2 ? candidate : undefined;
}

/** Returns the name that was meant: the only one that begins with `name`, or one that `name` is a typing error for. */
export function closestName(name: string, known: readonly string[]): string | undefined {
  const longer = known.filter((candidate) => candidate.startsWith(name));
  return longer.length === 1 ? longer[0] : correction(name, known);
}

function byDistance(name: string, known: readonly string[]): readonly (readonly [string, number])[] {
  return known
    .map((candidate) => [candidate, editDistance(name.toLowerCase(), candidate.toLowerCase())] as const)
    .sort(([, a], [, b]) => a - b);
}

/** Returns the edit distance; two swapped letters count as one slip. */
const editDistance = (a: string, b: string) => distance(a, b).steps;
