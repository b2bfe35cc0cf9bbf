import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { findPlace, isMountPoint, type Place, statOrUndefined } from '../files/place.js';
import { type Arrangement, besidePath, filePath, lastPublished } from '../outputs/arrangement.js';
import { findFeaturesFolder } from '../outputs/features-folder.js';
import { findTreeFolder } from '../outputs/per-image/tree-folder.js';
import { findRegularPlace } from '../outputs/regular-place.js';

/** The absolute paths of a run's files. */
export interface RunPlace {
  readonly kind: 'run';
  readonly output: string; // as the user gave it
  readonly arrangement: Arrangement;
  readonly path: string; // of the output: a file, or a folder of files
  readonly lock: string;
  readonly partial: string; // the folder of the run in progress
  readonly ledger: string; // of a finished run, beside its output
  readonly manifest: string;
}

/** The extensions of the files beside a finished output. */
export const [LEDGER, MANIFEST] = ['.run.rows', '.run.json'] as const;

/** The only names in the folder of a run in progress. */
export const PARTIAL = {
  journal: 'journal.jsonl',
  member: 'member.json', // instead of the journal, if another output of the run leads
  ledger: 'rows',
  data: 'data',
  unpacked: 'unpacked', // the row files of an output whose own files, in `data`, are packed from them
  earlier: 'earlier', // the rows of such an output that was finished earlier, unpacked
  manifest: 'run.json',
  decoding: 'decoding',
  base: 'base',
  replaced: 'replaced.json', // the manifest of the output being replaced
  old: 'old', // the folder of files being replaced as a whole
} as const;

/**
 * Finds where an output goes, whether or not it exists.
 * @throws {OutputError} if the path cannot hold such an output: a folder instead of a file, a missing or unwritable parent,
 *   a folder with other files in it
 */
export async function findOutput(
  output: string,
  arrangement: Arrangement,
): Promise<Exclude<Place, { kind: 'file' }> | RunPlace> {
  if (arrangement.streams) {
    const place = await findPlace(output, true);
    return place.kind === 'file' ? runPlace(output, arrangement, place.path) : place;
  }
  if (arrangement.layout === 'tree') return runPlace(output, arrangement, await findTreeFolder(output));
  if (arrangement.folder) return runPlace(output, arrangement, await findFeaturesFolder(output));
  const path = await findRegularPlace(output);
  for (const beside of pathsBeside({ arrangement, path })) await findRegularPlace(beside);
  return runPlace(output, arrangement, path);
}

/** @param path the output's path without symbolic links; it need not be writable */
export async function runPlace(output: string, arrangement: Arrangement, path: string): Promise<RunPlace> {
  const inside = arrangement.folder && (await isMountPoint(path));
  return {
    kind: 'run',
    output,
    arrangement,
    path,
    lock: `${path}.lock`,
    partial: inside ? join(path, '.partial') : `${path}.partial`,
    ledger: path + LEDGER,
    manifest: path + MANIFEST,
  };
}

/** Returns the names in the order of publishing: the output exists once the last one does. */
export function publishingOrder(
  { arrangement, path }: RunPlace,
  names: readonly string[],
): readonly string[] {
  const last = lastPublished(arrangement, path);
  return [...names.filter((name) => name !== last), last];
}

/** Returns the final path of a file of an output. */
export function finalPath({ arrangement, path }: RunPlace, name: string): string {
  return filePath(arrangement, path, name);
}

/** Returns the path of a file of a run, spelled as the user spelled the output unless that is a link to elsewhere. */
export function shownPath({ output, path }: Pick<RunPlace, 'output' | 'path'>, file: string): string {
  const given = output.replace(/(?<=.)[\\/]+$/, '');
  const name = basename(path);
  if (path !== resolve(output) || basename(given) !== name) return file;
  return given.slice(0, given.length - name.length) + relative(dirname(path), file) || '.';
}

/** Returns the path of a file relative to the folder of an output, with forward slashes. */
export const relativePath = ({ path }: Pick<RunPlace, 'path'>, file: string) =>
  relative(dirname(path), file).split(sep).join('/');

/** Returns the paths of the files beside the one that the output names. */
export function pathsBeside({
  arrangement,
  path,
}: Pick<RunPlace, 'arrangement' | 'path'>): readonly string[] {
  return arrangement.beside.map((what) => besidePath(path, what));
}

/** Returns whether a path exists. @throws the file system's error if that cannot be determined */
export async function exists(path: string): Promise<boolean> {
  return (await statOrUndefined(path)) !== undefined;
}
