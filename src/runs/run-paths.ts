import { basename, join } from 'node:path';
import type { OutputLayout } from '../outputs/layout.js';
import { type GrowingRowFile, isGrowing, type RowFile } from '../outputs/row-file.js';
import { finalPath, PARTIAL, type RunPlace } from './run-place.js';

/** A value for each file that a run appends to: the ledger, and every file of the output that has rows. */
export interface PerFile<T> {
  readonly ledger: T;
  readonly rowFiles: readonly (readonly [GrowingRowFile, T])[]; // in the order of the layout
}

/** Returns the base name of a file of an output. */
export function fileName({ path }: Pick<RunPlace, 'path'>, file: RowFile): string {
  return file.name(basename(path));
}

/** Returns the name of the folder that holds the row files of a run in progress. */
export const rowsFolder = ({ packing }: Pick<OutputLayout, 'packing'>) =>
  packing === undefined ? PARTIAL.data : PARTIAL.unpacked;

/** @param folder of a run in progress; undefined for the finished output */
export function runPaths(place: RunPlace, layout: OutputLayout, folder: string | undefined): PerFile<string> {
  const pathOf = (name: string) =>
    folder === undefined ? finalPath(place, name) : join(folder, rowsFolder(layout), name);
  return {
    ledger: folder === undefined ? place.ledger : join(folder, PARTIAL.ledger),
    rowFiles: layout.files.filter(isGrowing).map((file) => [file, pathOf(fileName(place, file))]),
  };
}

/** Returns all values: the ledger's, then the others. */
export function allOf<T>({ ledger, rowFiles }: PerFile<T>): readonly T[] {
  return [ledger, ...rowFiles.map(([, one]) => one)];
}

/** Opens the files one by one; if one cannot be opened, closes the others. */
export async function openAll<T extends { readonly close: () => Promise<void> }>(
  paths: PerFile<string>,
  open: (path: string) => Promise<T>,
): Promise<PerFile<T>> {
  const opened: T[] = [];
  const next = async (path: string) => {
    const one = await open(path);
    opened.push(one);
    return one;
  };
  try {
    const ledger = await next(paths.ledger);
    const rowFiles: [GrowingRowFile, T][] = [];
    for (const [file, path] of paths.rowFiles) rowFiles.push([file, await next(path)]);
    return { ledger, rowFiles };
  } catch (error) {
    for (const one of opened) await one.close().catch(() => {}); // the first error matters
    throw error;
  }
}
