import { stat } from 'node:fs/promises';
import { basename, dirname, join, parse } from 'node:path';
import { findPlace, findRegularPlace, type Place, statOrUndefined } from '../files/place.js';
import { findFeaturesFolder } from '../outputs/features-folder.js';
import type { OutputKind, OutputLayout } from '../outputs/layout.js';

/** Where the files of a run lie, all absolute. */
export interface RunPlace {
  readonly kind: 'run';
  readonly output: string; // as the user gave it
  readonly layout: OutputKind;
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
 * @throws {OutputError} for what cannot be an output of this kind: a folder in place of a file, a missing or unwritable
 *   parent, a folder with other files in it
 */
export async function findOutput(
  output: string,
  layout: OutputKind,
): Promise<Exclude<Place, { kind: 'file' }> | RunPlace> {
  if (layout === 'text') {
    const place = await findPlace(output, true);
    return place.kind === 'file' ? runPlace(output, layout, place.path) : place;
  }
  if (layout === 'folder') return runPlace(output, layout, await findFeaturesFolder(output));
  const path = await findRegularPlace(output, true);
  for (const beside of pathsBeside(path, layout)) await findRegularPlace(beside, true);
  return runPlace(output, layout, path);
}

/** @param path of the output, without symbolic links; whether it can be written is not looked at */
export async function runPlace(output: string, layout: OutputKind, path: string): Promise<RunPlace> {
  const inside = layout === 'folder' && (await isMountPoint(path));
  return {
    ...{ kind: 'run', output, layout, path },
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

/** The base names of an output's files. */
export interface FileNames {
  readonly text: string;
  readonly arrays: readonly string[]; // in the order of the layout's
  readonly classes?: string; // left out but for scores
}

export function fileNames({ path }: RunPlace, { kind, arrays }: OutputLayout): FileNames {
  const name = basename(path);
  if (kind === 'text') return { text: name, arrays: [] };
  if (kind === 'folder') return { text: 'index.csv', arrays: arrays.map((tensor) => `${tensor.name}.npy`) };
  const matrix = { text: basename(indexPath(path)), arrays: [name] };
  return kind === 'matrix' ? matrix : { ...matrix, classes: basename(classesPath(path)) };
}

/** All names, in the order in which files get their final ones: an output is there when the last of them is. */
export function inOrderOfPublishing(
  { text, arrays, classes }: FileNames,
  kind: OutputKind,
): readonly string[] {
  if (kind === 'folder') return [...arrays, text];
  return [text, ...(classes === undefined ? [] : [classes]), ...arrays];
}

/** The final path of a file of an output. */
export function finalPath({ layout, path }: RunPlace, name: string): string {
  return layout === 'folder' ? join(path, name) : join(dirname(path), name);
}

/** The files that lie beside the array of an output; none where the output is a single file, or a folder. */
export function pathsBeside(path: string, kind: OutputKind): readonly string[] {
  if (kind === 'scores') return [indexPath(path), classesPath(path)];
  return kind === 'matrix' ? [indexPath(path)] : [];
}

/** `scores.npy` has its index in `scores.index.csv`. */
const indexPath = (path: string) => besidePath(path, 'index.csv');

/** And the names of its columns in `scores.classes.csv`. */
const classesPath = (path: string) => besidePath(path, 'classes.csv');

function besidePath(path: string, what: string): string {
  const { dir, name } = parse(path);
  return join(dir, `${name}.${what}`);
}

/** Whether anything stands at a path. */
export async function exists(output: string, path: string): Promise<boolean> {
  return (await statOrUndefined(output, path)) !== undefined;
}
