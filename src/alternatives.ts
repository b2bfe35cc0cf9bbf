/** Joins names as a choice: `csv, npy or jsonl`. */
export const alternatives = (names: readonly string[]) =>
  [names.slice(0, -1).join(', '), ...names.slice(-1)].filter((part) => part !== '').join(' or ');
