import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { OutputError } from '../errors.js';
import { statOrUndefined } from '../files/place.js';
import { reading } from '../files/write-error.js';
import { ARRANGEMENTS, filePath } from '../outputs/arrangement.js';
import { featureFiles } from '../outputs/features-folder.js';
import { type JournalState, readJournal } from './journal.js';
import { type Manifest, readManifest } from './manifest.js';
import { finishRemoval, publish, removalFolder, removePartial } from './publish.js';
import { exists, PARTIAL, pathsBeside, type RunPlace } from './run-place.js';

/** What earlier runs left at the place of an output. */
export type RunState =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'interrupted'; readonly journal: JournalState }
  | { readonly kind: 'finished'; readonly manifest: Manifest }
  | { readonly kind: 'altered'; readonly found: string; readonly file: string; readonly missing: boolean } // the first file that differs from the manifest
  | { readonly kind: 'unknown'; readonly found: string }; // the path of a file that no manifest describes

/**
 * Reads what earlier runs left, without changing it. A run that only remains to be published counts as interrupted.
 * @throws {OutputError} if another version wrote one of its files
 * @throws the file system's error, or ReadFailure
 */
export async function readState(place: RunPlace): Promise<RunState> {
  const { partial } = place;
  const journal = await readJournal(join(partial, PARTIAL.journal));
  return journal === undefined ? readFinished(place) : { kind: 'interrupted', journal };
}

/** Reads the state as `readState` does, ignoring a run in progress. */
async function readFinished(place: RunPlace): Promise<RunState> {
  const manifest = await readManifest(place.manifest);
  const differing = manifest && (await findDiffering(place, manifest));
  if (manifest !== undefined && differing === undefined) return { kind: 'finished', manifest };
  const found = await findExisting(place);
  if (found === undefined) return { kind: 'nothing' };
  return differing === undefined ? { kind: 'unknown', found } : { kind: 'altered', found, ...differing };
}

/**
 * Completes or undoes what a crash interrupted: publishes a complete run; removes a run without a journal, and restores the
 * run whose rows it was going to reuse. The place must be locked.
 *
 * @param givesUp whether the caller discards the run in progress anyway, so a complete one is not published
 * @throws {OutputError} if the run's folder holds other files, the run is damaged, or its final names are taken
 * @throws the file system's error, or ReadFailure
 */
export async function recover(place: RunPlace, givesUp: boolean): Promise<void> {
  const { partial } = place;
  await recoverRemoval(place);
  await recoverBase(place);
  if (!(await exists(partial))) return;
  await refuseForeign(partial);
  const journal = await readJournal(join(partial, PARTIAL.journal));
  if (journal === undefined) {
    if (!givesUp) await refuseDamaged(place);
    if (!(await exists(join(partial, PARTIAL.base)))) return removePartial(place);
    await rename(partial, nextFolder(place));
    return recoverBase(place);
  }
  if (!journal.complete || givesUp) return;
  const manifest = await readManifest(join(partial, PARTIAL.manifest));
  const arrangement = manifest === undefined ? place.arrangement : ARRANGEMENTS[manifest.layout];
  const names = (manifest?.outputs ?? []).map(({ name }) => name);
  await publish({ ...place, arrangement }, names, journal.header.replaces); // another command may have written it
}

/** Refuses rows without a journal: the journal reaches the disk before any row does. */
async function refuseDamaged({ partial }: RunPlace): Promise<void> {
  const ledger = await statOrUndefined(join(partial, PARTIAL.ledger));
  if (ledger === undefined || ledger.size === 0) return;
  throw new OutputError(
    `${join(partial, PARTIAL.journal)} is damaged, and the rows beside it mean nothing without it`,
    { hint: 'Pass --overwrite to start over.' },
  );
}

/**
 * Returns what `recover` and then `readState` would find, without changing anything.
 * @returns the state, and the place with the current paths of its files
 * @throws {OutputError} as `recover`
 */
export async function previewRecovery(place: RunPlace): Promise<{ place: RunPlace; state: RunState }> {
  const { partial } = place;
  const next = nextFolder(place);
  for (const folder of [partial, next]) if (await exists(folder)) await refuseForeign(folder);
  const found = (await exists(partial)) ? [partial, join(partial, PARTIAL.base)] : [join(next, PARTIAL.base)];
  for (const folder of found) {
    const journal = await readJournal(join(folder, PARTIAL.journal));
    if (journal === undefined) continue;
    if (!journal.complete)
      return { place: { ...place, partial: folder }, state: { kind: 'interrupted', journal } };
    const manifest = await readManifest(join(folder, PARTIAL.manifest));
    if (manifest === undefined) return { place, state: await readFinished(place) };
    const own = join(folder, PARTIAL.ledger);
    const ledger = (await exists(own)) ? own : place.ledger;
    return { place: { ...place, ledger }, state: { kind: 'finished', manifest } };
  }
  return { place, state: await readState(place) };
}

/**
 * Creates the folder of a new run, empty except for the run in progress whose rows it reuses, which becomes its `base`.
 * @throws the file system's error
 */
export async function makePartial(place: RunPlace, keepsBase: boolean): Promise<void> {
  const { partial } = place;
  const next = nextFolder(place);
  if (!keepsBase) return void (await mkdir(partial));
  await mkdir(next);
  await rename(partial, join(next, PARTIAL.base));
  await rename(next, partial);
}

const nextFolder = ({ partial }: RunPlace) => `${partial}.next`;

/** Undoes a `makePartial` that a crash interrupted. */
async function recoverBase(place: RunPlace): Promise<void> {
  const { partial } = place;
  const next = nextFolder(place);
  if (!(await exists(next))) return;
  await refuseForeign(next);
  const base = join(next, PARTIAL.base);
  if (!(await exists(partial)) && (await exists(base))) await rename(base, partial);
  await rm(next, { recursive: true });
}

async function recoverRemoval(place: RunPlace): Promise<void> {
  const gone = removalFolder(place);
  if (!(await exists(gone))) return;
  await refuseForeign(gone);
  await finishRemoval(place);
}

/** Refuses a folder with files that are not a run's, before it is removed. @throws {OutputError} */
async function refuseForeign(folder: string): Promise<void> {
  const ours: readonly string[] = Object.values(PARTIAL);
  const names = await reading(() => readdir(folder));
  const foreign = names.find((name) => !ours.includes(name));
  if (foreign === undefined) return;
  throw new OutputError(`${folder} is reserved for a run in progress, but it contains ${foreign}`, {
    hint: 'Move it away, or choose another name for the output.',
  });
}

/** Returns the first file that is missing or has another size than the manifest says; undefined if there is none. */
async function findDiffering(
  place: RunPlace,
  { layout, outputs, ledger }: Manifest,
): Promise<{ readonly file: string; readonly missing: boolean } | undefined> {
  const arrangement = ARRANGEMENTS[layout]; // another command may have written it
  const files = outputs.map(({ name, bytes }) => ({ path: filePath(arrangement, place.path, name), bytes }));
  for (const { path, bytes } of [...files, { path: place.ledger, bytes: ledger.bytes }]) {
    const found = await statOrUndefined(path);
    if (found?.size !== bytes) return { file: path, missing: found === undefined };
  }
  return undefined;
}

/** Returns the path of the output, or of its first existing file; undefined if none exists. */
async function findExisting(place: RunPlace): Promise<string | undefined> {
  const { arrangement, path } = place;
  if (arrangement.folder) return (await featureFiles(path)).length > 0 ? path : undefined;
  if (await exists(path)) return path;
  for (const beside of pathsBeside(place)) if (await exists(beside)) return beside;
  return undefined;
}
