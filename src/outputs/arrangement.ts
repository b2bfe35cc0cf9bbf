import { basename, dirname, join, parse } from 'node:path';

/** How the files of an output are arranged. Known before its rows; the manifest records its name as `layout`. */
export interface Arrangement {
  readonly layout: 'text' | 'matrix' | 'scores' | 'folder' | 'packed' | 'tree';
  /** Whether the output is a folder of files. If not, one file has its name, and the others lie beside it. */
  readonly folder: boolean;
  /** The suffixes of the files beside it: `index.csv` for `scores.index.csv` beside `scores.npy`. */
  readonly beside: readonly string[];
  /** Whether it is a single append-only file, which can also go to standard output or a device. */
  readonly streams: boolean;
}

export const INDEX = 'index.csv';
export const CLASSES = 'classes.csv';
export const CHECKSUMS = 'checksums.txt';

/** The arrangements that formats choose from, by their names in manifests. */
export const ARRANGEMENTS: Readonly<Record<Arrangement['layout'], Arrangement>> = {
  text: { layout: 'text', folder: false, beside: [], streams: true },
  matrix: { layout: 'matrix', folder: false, beside: [INDEX], streams: false },
  scores: { layout: 'scores', folder: false, beside: [INDEX, CLASSES], streams: false },
  folder: { layout: 'folder', folder: true, beside: [], streams: false },
  packed: { layout: 'packed', folder: false, beside: [], streams: false },
  tree: { layout: 'tree', folder: true, beside: [], streams: false },
};

/** Returns the path of a file beside an output: `scores.npy` has its index in `scores.index.csv`. */
export function besidePath(output: string, what: string): string {
  const { dir, name } = parse(output);
  return join(dir, `${name}.${what}`);
}

/** Returns the path of a file of an output. */
export function filePath({ folder }: Arrangement, output: string, name: string): string {
  return folder ? join(output, name) : join(dirname(output), name);
}

/** Returns the name of the file that is published last: the output exists once it does. */
export function lastPublished({ folder }: Arrangement, output: string): string {
  return folder ? INDEX : basename(output);
}
