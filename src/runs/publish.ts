import { copyFile, open, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { OutputError } from '../errors.js';
import { forceFolder } from '../files/force.js';
import { attempt, errorCode } from '../files/write-error.js';
import { writeSynced } from '../files/write-synced.js';
import { ARRANGEMENTS } from '../outputs/arrangement.js';
import { featureFiles } from '../outputs/features-folder.js';
import { refuseForeignInTree } from '../outputs/per-image/tree-folder.js';
import { digestFile, encodeManifest, readManifest } from './manifest.js';
import { allOutputs, type PerOutput } from './per-output.js';
import { exists, finalPath, PARTIAL, type RunPlace, shownPath } from './run-place.js';

/** An output whose files are to get their final names. */
export interface Publishable {
  readonly place: RunPlace;
  readonly names: readonly string[]; // of its files, in order: the output exists once the last file does
}

/**
 * Publishes all outputs of a complete run, as `publish` does, the lead last: until then, its journal tells that the others are
 * to be published. None is published while a name of any is taken.
 * @throws as `publish`, naming the output
 */
export async function publishAll(outputs: PerOutput<Publishable>, replaces: boolean): Promise<void> {
  const { lead, others } = outputs;
  if (others.length > 0) {
    for (const output of allOutputs(outputs))
      await attempt(output.place.output, () => refuseTaken(output, replaces));
  }
  for (const { place, names } of others) await attempt(place.output, () => publish(place, names, replaces));
  await publish(lead.place, lead.names, replaces);
}

/**
 * Renames the files of a complete output to their final names, the manifest last, and removes its folder. If interrupted at any
 * point, it can be called again.
 *
 * @param names of the output's files, in order: the output exists once the last file does
 * @param replaces whether to replace existing files of these names
 * @throws {OutputError} if a name is taken and `replaces` is false; the run stays complete
 * @throws the file system's error, or ReadFailure; the run stays complete
 */
export async function publish(place: RunPlace, names: readonly string[], replaces: boolean): Promise<void> {
  const { partial } = place;
  if (await exists(join(partial, PARTIAL.manifest))) {
    await publishFiles(place, names, replaces);
    await move(join(partial, PARTIAL.ledger), place.ledger);
    await forceFolder(dirname(place.ledger));
    await move(join(partial, PARTIAL.manifest), place.manifest);
    await forceFolder(dirname(place.manifest));
  }
  await removePartial(place);
}

/**
 * Removes the folder of a complete or discarded run. It renames the folder first, so a half-removed one is never taken for a run.
 * @throws the file system's error
 */
export async function removePartial(place: RunPlace): Promise<void> {
  const { partial } = place;
  await finishRemoval(place);
  if (!(await exists(partial))) return;
  await rename(partial, removalFolder(place));
  await finishRemoval(place);
}

/**
 * Discards a run in progress. The folder of the lead goes first: without its journal, the others' folders mean nothing, and are
 * removed by the next run if a crash leaves them.
 * @throws the file system's error
 */
export async function removeRun({ lead, others }: PerOutput<RunPlace>): Promise<void> {
  await removePartial(lead);
  if (others.length === 0) return;
  await forceFolder(dirname(lead.partial));
  for (const place of others) await removePartial(place);
}

/** Completes an interrupted removal of a run's folder. @throws the file system's error */
export async function finishRemoval(place: RunPlace): Promise<void> {
  await rm(removalFolder(place), { recursive: true, force: true });
}

/** Returns the name of a run's folder while it is being removed. */
export const removalFolder = ({ partial }: RunPlace) => `${partial}.gone`;

async function publishFiles(place: RunPlace, names: readonly string[], replaces: boolean): Promise<void> {
  const { path, arrangement, manifest } = place;
  if (arrangement.layout === 'tree') return publishTree(place, replaces);
  const data = join(place.partial, PARTIAL.data);
  const pending = await pendingNames(place, names);
  if (!replaces) await refuseObstacles(place, names, pending);
  if (replaces) await keepOldNames(place, names);
  await rm(manifest, { force: true }); // from here on, the files match no manifest
  if (replaces) await forceFolder(dirname(manifest)); // also after a power cut: the files may be in another folder
  if (arrangement.folder && !(await exists(path))) {
    await move(data, path); // all files appear at once
    return forceFolder(dirname(path));
  }
  if (replaces) await removeOld(place, names, pending);
  for (const name of pending) await move(join(data, name), finalPath(place, name));
  await forceFolder(finalPath(place, ''));
}

/** Replaces a folder of files as a whole: the old one is gone for a moment, and never mixed with the new one. */
async function publishTree(place: RunPlace, replaces: boolean): Promise<void> {
  const { path, partial, manifest } = place;
  const data = join(partial, PARTIAL.data);
  if (!(await exists(data))) return; // it has its final name
  await refuseTree(place, replaces);
  await rm(manifest, { force: true }); // from here on, the files match no manifest
  await forceFolder(dirname(manifest));
  if (await exists(path)) {
    const old = join(partial, PARTIAL.old);
    await rm(old, { recursive: true, force: true });
    await rename(path, old);
    await forceFolder(dirname(path));
    await forceFolder(partial);
  }
  await rename(data, path);
  await forceFolder(dirname(path));
}

/** Refuses a folder of files that has appeared, or been added to, since the run started, unless this is its own. @throws {OutputError} */
async function refuseTree(place: RunPlace, replaces: boolean): Promise<void> {
  const { output, path, partial } = place;
  if (!(await exists(join(partial, PARTIAL.data))) || !(await exists(path))) return;
  if (!replaces && (await readdir(path)).length > 0) throw obstacleError(place, '');
  await refuseForeignInTree(output, path);
}

/** Keeps the old manifest for as long as it is needed to tell which files of the old output to remove. */
async function keepOldNames({ partial, manifest }: RunPlace, names: readonly string[]): Promise<void> {
  const old = await readManifest(manifest);
  if (old === undefined || old.outputs.every(({ name }) => names.includes(name))) return;
  await writeSynced(join(partial, PARTIAL.replaced), encodeManifest(old));
  await forceFolder(partial);
}

/**
 * Removes the old files that renaming does not replace. For an output of several files, it first removes the one published
 * last, so the output does not exist while its files come from two runs.
 */
async function removeOld(
  place: RunPlace,
  names: readonly string[],
  pending: readonly string[],
): Promise<void> {
  const { path, arrangement } = place;
  const last = names.at(-1) ?? '';
  const leftOver = await leftoverFiles(place, names);
  if (names.length + leftOver.length > 1 && pending.includes(last)) {
    await rm(finalPath(place, last), { force: true });
    await forceFolder(finalPath(place, ''));
  }
  for (const file of leftOver) await rm(file, { force: true });
  if (!arrangement.folder) return;
  for (const name of await featureFiles(path)) {
    if (!names.includes(name)) await rm(join(path, name));
  }
}

/**
 * Returns the files of the old output that the new one does not replace, such as the class names when the new output holds
 * embeddings. It leaves out modified files, which may be the user's.
 */
async function leftoverFiles(place: RunPlace, names: readonly string[]): Promise<readonly string[]> {
  const { partial, arrangement } = place;
  if (arrangement.folder) return [];
  const old = await readManifest(join(partial, PARTIAL.replaced));
  if (old === undefined || ARRANGEMENTS[old.layout].folder) return [];
  const files: string[] = [];
  for (const { name, bytes, sha256 } of old.outputs) {
    const path = finalPath(place, name);
    if (names.includes(name) || !(await exists(path))) continue;
    const found = await digestFile(path);
    if (found.bytes === bytes && found.sha256 === sha256) files.push(path);
  }
  return files;
}

/** Returns the names of the files that do not have their final names yet. */
async function pendingNames({ partial }: RunPlace, names: readonly string[]): Promise<readonly string[]> {
  const pending: string[] = [];
  for (const name of names) if (await exists(join(partial, PARTIAL.data, name))) pending.push(name);
  return pending;
}

/** Refuses taken names of an output, unless it is published already. @throws {OutputError} */
async function refuseTaken({ place, names }: Publishable, replaces: boolean): Promise<void> {
  const { partial, arrangement } = place;
  if (!(await exists(join(partial, PARTIAL.manifest)))) return;
  if (arrangement.layout === 'tree') return refuseTree(place, replaces);
  if (!replaces) await refuseObstacles(place, names, await pendingNames(place, names));
}

/** Refuses files that have appeared since the run started and are not its own. @throws {OutputError} */
async function refuseObstacles(
  place: RunPlace,
  names: readonly string[],
  pending: readonly string[],
): Promise<void> {
  const { path, arrangement } = place;
  const others = arrangement.folder ? await featureFiles(path) : [];
  for (const name of [...pending, ...others.filter((other) => !names.includes(other))]) {
    if (await exists(finalPath(place, name))) throw obstacleError(place, name);
  }
}

function obstacleError(place: RunPlace, name: string): OutputError {
  return new OutputError(
    `${shownPath(place, finalPath(place, name))} already exists, and did not when the run started`,
    {
      hint: 'Move it away and repeat the command with --resume: nothing is computed again.',
    },
  );
}

/** Moves a file, unless it has been moved already. */
async function move(from: string, to: string): Promise<void> {
  if (!(await exists(from))) return;
  try {
    await rename(from, to);
  } catch (error) {
    if (errorCode(error) !== 'EXDEV') throw error;
    await moveAcrossDisks(from, to);
  }
}

/** Moves a file to another disk, needed for files beside an output folder that is a mount point. */
async function moveAcrossDisks(from: string, to: string): Promise<void> {
  const near = `${to}.tmp`;
  await copyFile(from, near);
  const handle = await open(near, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(near, to);
  await rm(from);
}
