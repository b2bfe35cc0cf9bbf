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
  const [closest] = byDistance(name, known);
  if (closest === undefined) return undefined;
  const [candidate, distance] = closest;
  return distance > 0 && distance <= SLIPS && distance < name.length / 2 ? candidate : undefined;
}

function byDistance(name: string, known: readonly string[]): readonly (readonly [string, number])[] {
  return known
    .map((candidate) => [candidate, editDistance(name.toLowerCase(), candidate.toLowerCase())] as const)
    .sort(([, a], [, b]) => a - b);
}

/** Levenshtein's distance: letters put in, taken out or exchanged. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const exchanged = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(exchanged, (previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
    previous = row;
  }
  return previous[b.length] ?? 0;
}
