import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { findPlace, type Place, statOrUndefined } from '../files/place.js';
import { type Arrangement, besidePath, filePath, lastName } from '../outputs/arrangement.js';
import { findFeaturesFolder } from '../outputs/features-folder.js';
import { findRegularPlace } from '../outputs/regular-place.js';

/** Where the files of a run lie, all absolute. */
export interface RunPlace {
  readonly kind: 'run';
  readonly output: string; // as the user gave it
  readonly arrangement: Arrangement;
  readonly path: string; // of the output: a file, or a folder of files
  readonly lock: string;
  readonly partial: string; // the folder of the run in progress
  readonly ledger: string; // what a finished run leaves beside its output
  readonly manifest: string;
}

/** Names in the folder of a run in progress. Nothing else is in it. */
export const PARTIAL = {
  journal: 'journal.jsonl',
  ledger: 'rows',
  data: 'data',
  manifest: 'run.json',
  decoding: 'decoding',
  base: 'base',
  replaced: 'replaced.json', // the manifest of the output that gives way
} as const;

/**
 * Finds where an output goes, whether or not something stands there.
 * @throws {OutputError} for what cannot be an output so arranged: a folder in place of a file, a missing or unwritable
 *   parent, a folder with other files in it
 */
export async function findOutput(
  output: string,
  arrangement: Arrangement,
): Promise<Exclude<Place, { kind: 'file' }> | RunPlace> {
  if (arrangement.streams) {
    const place = await findPlace(output, true);
    return place.kind === 'file' ? runPlace(output, arrangement, place.path) : place;
  }
  if (arrangement.folder) return runPlace(output, arrangement, await findFeaturesFolder(output));
  const path = await findRegularPlace(output);
  for (const beside of pathsBeside({ arrangement, path })) await findRegularPlace(beside);
  return runPlace(output, arrangement, path);
}

/** @param path of the output, without symbolic links; whether it can be written is not looked at */
export async function runPlace(output: string, arrangement: Arrangement, path: string): Promise<RunPlace> {
  const inside = arrangement.folder && (await isMountPoint(path));
  return {
    kind: 'run',
    output,
    arrangement,
    path,
    lock: `${path}.lock`,
    partial: inside ? join(path, '.partial') : `${path}.partial`,
    ledger: `${path}.run.rows`,
    manifest: `${path}.run.json`,
  };
}

/** Files cannot be renamed into a folder of another disk. */
async function isMountPoint(folder: string): Promise<boolean> {
  const deviceOf = async (path: string) => (await stat(path).catch(() => undefined))?.dev;
  const device = await deviceOf(folder);
  return device !== undefined && device !== (await deviceOf(dirname(folder)));
}

/** Names in the order in which files get them: an output is there when the last of them is. */
export function inOrderOfPublishing(
  { arrangement, path }: RunPlace,
  names: readonly string[],
): readonly string[] {
  const last = lastName(arrangement, path);
  return [...names.filter((name) => name !== last), last];
}

/** The final path of a file of an output. */
export function finalPath({ arrangement, path }: RunPlace, name: string): string {
  return filePath(arrangement, path, name);
}

/** The files that lie beside the one of an output's name. */
export function pathsBeside({
  arrangement,
  path,
}: Pick<RunPlace, 'arrangement' | 'path'>): readonly string[] {
  return arrangement.beside.map((what) => besidePath(path, what));
}

/** Whether anything stands at a path. @throws the file system's error where it does not tell */
export async function exists(path: string): Promise<boolean> {
  return (await statOrUndefined(path)) !== undefined;
}
