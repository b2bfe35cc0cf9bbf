import { basename, dirname, join, parse } from 'node:path';

/** How the files of an output lie: known before its rows are, and what its manifest says as `layout`. */
export interface Arrangement {
  readonly layout: 'text' | 'matrix' | 'scores' | 'folder';
  /** Its files lie in a folder of its name; else one file has its name, and the others lie beside that. */
  readonly folder: boolean;
  /** What files beside it are called: `index.csv` for `scores.index.csv` beside `scores.npy`. */
  readonly beside: readonly string[];
  /** It is a single file that only grows, so that it can go to standard output or a device, too. */
  readonly streams: boolean;
}

export const INDEX = 'index.csv';
export const CLASSES = 'classes.csv';

/** The arrangements that formats choose from, by what manifests call them. */
export const ARRANGEMENTS: Readonly<Record<Arrangement['layout'], Arrangement>> = {
  text: { layout: 'text', folder: false, beside: [], streams: true },
  matrix: { layout: 'matrix', folder: false, beside: [INDEX], streams: false },
  scores: { layout: 'scores', folder: false, beside: [INDEX, CLASSES], streams: false },
  folder: { layout: 'folder', folder: true, beside: [], streams: false },
};

/** The path of a file beside an output: `scores.npy` has its index in `scores.index.csv`. */
export function besidePath(output: string, what: string): string {
  const { dir, name } = parse(output);
  return join(dir, `${name}.${what}`);
}

/** The path of a file of an output. */
export function filePath({ folder }: Arrangement, output: string, name: string): string {
  return folder ? join(output, name) : join(dirname(output), name);
}

/** The file of an output that gets its name after its others: the output is there when this one is. */
export function lastName({ folder }: Arrangement, output: string): string {
  return folder ? INDEX : basename(output);
}
