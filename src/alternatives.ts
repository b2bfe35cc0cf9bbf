/** Joins names as a choice: `csv, npy or jsonl`. */
export const alternatives = (names: readonly string[]) => joined(names, 'or');

/** Joins names as a list: `a.csv, b.npy and c`. */
export const enumeration = (names: readonly string[]) => joined(names, 'and');

const joined = (names: readonly string[], word: string) =>
  [names.slice(0, -1).join(', '), ...names.slice(-1)].filter((part) => part !== '').join(` ${word} `);
