import { stat } from 'node:fs/promises';
import { basename, dirname, join, parse } from 'node:path';
import { findFeaturesFolder } from '../features-folder.js';
import type { OutputKind, OutputLayout } from '../layout.js';
import { findPlace, findRegularPlace, type Place, statOrUndefined } from '../place.js';

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
  await findRegularPlace(indexPath(path), true);
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
}

export function fileNames({ path }: RunPlace, { kind, arrays }: OutputLayout): FileNames {
  const name = basename(path);
  if (kind === 'text') return { text: name, arrays: [] };
  if (kind === 'matrix') return { text: basename(indexPath(path)), arrays: [name] };
  return { text: 'index.csv', arrays: arrays.map((tensor) => `${tensor.name}.npy`) };
}

/** All names, in the order in which files get their final ones: an output is there when the last of them is. */
export function inOrderOfPublishing({ text, arrays }: FileNames, kind: OutputKind): readonly string[] {
  return kind === 'folder' ? [...arrays, text] : [text, ...arrays];
}

/** The final path of a file of an output. */
export function finalPath({ layout, path }: RunPlace, name: string): string {
  return layout === 'folder' ? join(path, name) : join(dirname(path), name);
}

/** `scores.npy` has its index in `scores.index.csv`. */
export function indexPath(path: string): string {
  const { dir, name } = parse(path);
  return join(dir, `${name}.index.csv`);
}

/** Whether anything stands at a path. */
export async function exists(output: string, path: string): Promise<boolean> {
  return (await statOrUndefined(output, path)) !== undefined;
}
