import distance from 'damerau-levenshtein';

const SUGGESTIONS = 3;

/** The names that are spelled most like `name`, whatever the case. */
export function nearest(name: string, known: readonly string[]): readonly string[] {
  return byDistance(name, known)
    .slice(0, SUGGESTIONS)
    .map(([candidate]) => candidate);
}

const SLIPS = 2; // letters

/** The name that `name` is a slip of the fingers for; undefined for one that is known, or too far from all. */
export function misspelled(name: string, known: readonly string[]): string | undefined {
  const alike = known.filter((candidate) => Math.abs(candidate.length - name.length) <= SLIPS); // a slip each
  const [closest] = byDistance(name, alike);
  if (closest === undefined) return undefined;
  const [candidate, distance] = closest;
  return distance > 0 && distance <= SLIPS && distance < name.length / 2 ? candidate : undefined;
}

/** The name that was meant: one that `name` is a slip for, or the only one that begins with it, as people shorten names. */
export function meant(name: string, known: readonly string[]): string | undefined {
  const longer = known.filter((candidate) => candidate.startsWith(name));
  return longer.length === 1 ? longer[0] : misspelled(name, known);
}

function byDistance(name: string, known: readonly string[]): readonly (readonly [string, number])[] {
  return known
    .map((candidate) => [candidate, editDistance(name.toLowerCase(), candidate.toLowerCase())] as const)
    .sort(([, a], [, b]) => a - b);
}

/** Two letters that have changed places count as one slip. */
const editDistance = (a: string, b: string) => distance(a, b).steps;
