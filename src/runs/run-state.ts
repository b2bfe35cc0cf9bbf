import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { OutputError } from '../errors.js';
import { statOrUndefined } from '../files/place.js';
import { reading } from '../files/write-error.js';
import { ARRANGEMENTS } from '../outputs/arrangement.js';
import { featureFiles } from '../outputs/features-folder.js';
import { type JournalState, readJournal } from './journal.js';
import { type Manifest, readManifest } from './manifest.js';
import { goneFrom, publish, removeGone, removePartial } from './publish.js';
import { exists, finalPath, PARTIAL, pathsBeside, type RunPlace } from './run-place.js';

/** What earlier runs have left at an output's place. */
export type RunState =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'interrupted'; readonly journal: JournalState }
  | { readonly kind: 'finished'; readonly manifest: Manifest }
  | { readonly kind: 'unknown'; readonly found: string }; // a path, at which no manifest vouches for what stands there

/**
 * What earlier runs have left, without touching it. A run that lacks nothing but its final names counts as interrupted.
 * @throws {OutputError} where a file of theirs is not of this version
 * @throws the file system's error, or ReadFailure
 */
export async function readState(place: RunPlace): Promise<RunState> {
  const { partial } = place;
  const journal = await readJournal(join(partial, PARTIAL.journal));
  return journal === undefined ? readFinished(place) : { kind: 'interrupted', journal };
}

/** As readState, but for a run in progress. */
async function readFinished(place: RunPlace): Promise<RunState> {
  const manifest = await readManifest(place.manifest);
  if (manifest !== undefined && (await standsAsWritten(place, manifest)))
    return { kind: 'finished', manifest };
  const found = await taken(place);
  return found === undefined ? { kind: 'nothing' } : { kind: 'unknown', found };
}

/**
 * Brings what a crash left half-way to one of the states: a complete run gets its final names; one that never came to its
 * journal is removed, and gives way to the one that it was to take rows over from. To be called with the place locked.
 *
 * @param givesUp whether the run in progress is to be removed in any case, so that a complete one stays where it is
 * @throws {OutputError} where something else stands in the place of a run, or it is damaged, or in the way of its final names
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
    await rename(partial, nextTo(place));
    return recoverBase(place);
  }
  if (!journal.complete || givesUp) return;
  const manifest = await readManifest(join(partial, PARTIAL.manifest));
  const arrangement = manifest === undefined ? place.arrangement : ARRANGEMENTS[manifest.layout];
  const names = (manifest?.outputs ?? []).map(({ name }) => name);
  await publish({ ...place, arrangement }, names, journal.header.replaces); // it may be of another command than this one
}

/** Rows come to disk only once the journal has begun. */
async function refuseDamaged({ partial }: RunPlace): Promise<void> {
  const ledger = await statOrUndefined(join(partial, PARTIAL.ledger));
  if (ledger === undefined || ledger.size === 0) return;
  throw new OutputError(
    `${join(partial, PARTIAL.journal)} is damaged, and the rows beside it mean nothing without it.`,
    { hint: 'Pass --overwrite to start over.' },
  );
}

/**
 * What `recover` and then `readState` would find, without touching anything.
 * @returns the state, and the place with its files where they lie now
 * @throws {OutputError} as `recover`
 */
export async function foresee(place: RunPlace): Promise<{ place: RunPlace; state: RunState }> {
  const { partial } = place;
  const next = nextTo(place);
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
 * Makes the folder of a run that starts, empty but for the run in progress that it takes rows over from, which becomes
 * its `base`.
 * @throws the file system's error
 */
export async function makePartial(place: RunPlace, keepsBase: boolean): Promise<void> {
  const { partial } = place;
  const next = nextTo(place);
  if (!keepsBase) return void (await mkdir(partial));
  await mkdir(next);
  await rename(partial, join(next, PARTIAL.base));
  await rename(next, partial);
}

const nextTo = ({ partial }: RunPlace) => `${partial}.next`;

/** Undoes what `makePartial` did when a crash cut it short. */
async function recoverBase(place: RunPlace): Promise<void> {
  const { partial } = place;
  const next = nextTo(place);
  if (!(await exists(next))) return;
  await refuseForeign(next);
  const base = join(next, PARTIAL.base);
  if (!(await exists(partial)) && (await exists(base))) await rename(base, partial);
  await rm(next, { recursive: true });
}

async function recoverRemoval(place: RunPlace): Promise<void> {
  const gone = goneFrom(place);
  if (!(await exists(gone))) return;
  await refuseForeign(gone);
  await removeGone(place);
}

/** Before anything of that name is removed. */
async function refuseForeign(folder: string): Promise<void> {
  const ours: readonly string[] = Object.values(PARTIAL);
  const names = await reading(() => readdir(folder));
  const foreign = names.find((name) => !ours.includes(name));
  if (foreign === undefined) return;
  throw new OutputError(`${folder} is reserved for a run in progress, but it contains ${foreign}.`, {
    hint: 'Move it away, or choose another name for the output.',
  });
}

async function standsAsWritten(place: RunPlace, { outputs, ledger }: Manifest): Promise<boolean> {
  const files = outputs.map(({ name, bytes }) => ({ path: finalPath(place, name), bytes }));
  for (const { path, bytes } of [...files, { path: place.ledger, bytes: ledger.bytes }]) {
    const found = await statOrUndefined(path);
    if (found?.size !== bytes) return false;
  }
  return true;
}

/** The output as the user gave it, or the first of its files that is there; undefined where none is. */
async function taken(place: RunPlace): Promise<string | undefined> {
  const { output, arrangement, path } = place;
  if (arrangement.folder) return (await featureFiles(path)).length > 0 ? output : undefined;
  if (await exists(path)) return output;
  for (const beside of pathsBeside(place)) if (await exists(beside)) return beside;
  return undefined;
}
