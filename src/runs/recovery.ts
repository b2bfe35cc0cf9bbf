import { readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { OutputError } from '../errors.js';
import { statOrUndefined } from '../files/place.js';
import { attempt, reading } from '../files/write-error.js';
import { ARRANGEMENTS } from '../outputs/arrangement.js';
import { type JournalState, readJournal } from './journal.js';
import { readManifest } from './manifest.js';
import { type Member, readMember } from './member.js';
import { mapOutputs, type PerOutput } from './per-output.js';
import {
  finishRemoval,
  type Publishable,
  publish,
  publishAll,
  removalFolder,
  removePartial,
} from './publish.js';
import { exists, PARTIAL, type RunPlace } from './run-place.js';
import {
  type FoundPlace,
  type FoundState,
  nextFolder,
  othersOf,
  readFinished,
  readPlace,
  stateOf,
} from './run-state.js';

/**
 * Completes or undoes what a crash interrupted: publishes a complete run; removes a run without a journal, and restores the
 * run whose rows it was going to reuse. The places must be locked.
 *
 * @param givesUp whether the caller discards the run in progress anyway, so a complete one is not published
 * @throws {OutputError} if a run's folder holds other files, the run is damaged, or its final names are taken
 * @throws the file system's error, or ReadFailure
 */
export async function recover(places: PerOutput<RunPlace>, givesUp: boolean): Promise<void> {
  const { lead, others } = places;
  const journal = await recoverPlace(lead, undefined, givesUp);
  const leading = { place: lead, journal };
  for (const other of others) await attempt(other.output, () => recoverPlace(other, leading, givesUp));
  if (!journal?.complete || givesUp || !isOf(journal, places)) return;
  for (const other of others) {
    const isThere = await attempt(other.output, () => isWritten(other, journal.header.started));
    if (!isThere) return; // publish nothing of a run that has lost an output
  }
  await publishAll(await publishable(places), journal.header.replaces);
}

/** Returns whether a place has its output of a complete run, published or not. @param started as in the run's journal */
async function isWritten({ partial, manifest }: RunPlace, started: string): Promise<boolean> {
  for (const path of [join(partial, PARTIAL.manifest), manifest])
    if ((await readManifest(path))?.started === started) return true;
  return false;
}

/** The lead of the places being recovered, which has been recovered itself. */
interface Leading {
  readonly place: RunPlace;
  readonly journal: JournalState | undefined;
}

/**
 * Recovers one place, except for publishing a run of several outputs.
 * @returns the journal that it has afterwards
 */
async function recoverPlace(
  place: RunPlace,
  leading: Leading | undefined,
  givesUp: boolean,
): Promise<JournalState | undefined> {
  const { partial } = place;
  await recoverRemoval(place);
  await recoverBase(place);
  if (!(await exists(partial))) return undefined;
  await refuseForeign(partial);
  const journal = await readJournal(join(partial, PARTIAL.journal));
  if (journal === undefined) {
    const member = await readMember(place, partial);
    if (member !== undefined && (givesUp || (await isKept(place, member, leading)))) return undefined;
    if (member === undefined && !givesUp) await refuseDamaged(place);
    return dropUnstarted(place, leading, givesUp);
  }
  if (!journal.complete || givesUp || (journal.header.others ?? []).length > 0) return journal;
  const { names, place: arranged } = await publishableAt(place);
  await publish(arranged, names, journal.header.replaces);
  return undefined;
}

/** Drops a folder of a run that never started, in favour of the one whose rows it was going to reuse. */
async function dropUnstarted(
  place: RunPlace,
  leading: Leading | undefined,
  givesUp: boolean,
): Promise<JournalState | undefined> {
  const { partial } = place;
  if (!(await exists(join(partial, PARTIAL.base)))) {
    await removePartial(place);
    return undefined;
  }
  await rename(partial, nextFolder(place));
  return recoverPlace(place, leading, givesUp);
}

/**
 * Returns whether the folder of a member is of a run that started, and is not published yet.
 * @param leading the lead of the places being recovered; undefined if the place is that lead itself
 */
async function isKept(place: RunPlace, member: Member, leading: Leading | undefined): Promise<boolean> {
  const published = await readManifest(place.manifest).catch(() => undefined); // reported later, if it matters
  if (published?.started === member.started) return false;
  if (leading !== undefined && leading.place.path === member.lead)
    return leading.journal?.header.started === member.started;
  // The other run's lead is not locked, but that run would hold the lock of this place.
  const run = await readJournal(join(member.leadFolder, PARTIAL.journal));
  const ledger = await statOrUndefined(join(place.partial, PARTIAL.ledger));
  const hasRows = ledger !== undefined && ledger.size > 0;
  return (
    hasRows || run?.header.started === member.started || (await exists(join(place.partial, PARTIAL.base)))
  );
}

/** Returns whether a run is one of these outputs. */
const isOf = (journal: JournalState, { lead, others }: PerOutput<RunPlace>) =>
  othersOf(lead.path, journal).join('\0') === others.map(({ path }) => path).join('\0');

async function publishable({ lead, others }: PerOutput<RunPlace>): Promise<PerOutput<Publishable>> {
  const found: Publishable[] = [];
  for (const place of others) found.push(await attempt(place.output, () => publishableAt(place)));
  return { lead: await publishableAt(lead), others: found };
}

/** Returns what is to be published at a place: as its manifest says, because another command may have written it. */
async function publishableAt(place: RunPlace): Promise<Publishable> {
  const manifest = await readManifest(join(place.partial, PARTIAL.manifest));
  const arrangement = manifest === undefined ? place.arrangement : ARRANGEMENTS[manifest.layout];
  return { place: { ...place, arrangement }, names: (manifest?.outputs ?? []).map(({ name }) => name) };
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
 * @returns the state, and the places with the current paths of their files
 * @throws {OutputError} as `recover`
 */
export async function previewRecovery(
  places: PerOutput<RunPlace>,
): Promise<FoundState & { readonly places: PerOutput<RunPlace> }> {
  const lead = await previewPlace(places.lead);
  const others: FoundPlace[] = [];
  for (const place of places.others)
    others.push(await attempt(place.output, () => previewOther(place, places.lead, lead)));
  const found = { lead: lead.found, others };
  const current = mapOutputs(found, ({ place }) => place);
  const { state, place } = stateOf(found);
  return { places: current, place, state };
}

interface PreviewedPlace {
  readonly found: FoundPlace;
  readonly journal: JournalState | undefined; // of its run in progress
}

async function previewPlace(place: RunPlace): Promise<PreviewedPlace> {
  for (const folder of await foldersOf(place)) {
    const journal = await readJournal(join(folder, PARTIAL.journal));
    if (journal === undefined) continue;
    if (journal.complete) return { found: await previewComplete(place, folder), journal };
    return {
      found: { place: { ...place, partial: folder }, state: { kind: 'interrupted', journal } },
      journal,
    };
  }
  const state = await readPlace(place);
  const isDropped = state.kind === 'member' && !(await isKept(place, state.member, undefined));
  return { found: { place, state: isDropped ? await readFinished(place) : state }, journal: undefined };
}

/** Previews the place of an output whose files only remain to be published from a folder. */
async function previewComplete(place: RunPlace, folder: string): Promise<FoundPlace> {
  const manifest = await readManifest(join(folder, PARTIAL.manifest));
  if (manifest === undefined) return { place, state: await readFinished(place) };
  const own = join(folder, PARTIAL.ledger);
  const ledger = (await exists(own)) ? own : place.ledger;
  return { place: { ...place, ledger }, state: { kind: 'finished', manifest } };
}

/** Previews the place of an output that does not lead. @param lead as previewed */
async function previewOther(
  place: RunPlace,
  leadPlace: RunPlace,
  { journal }: PreviewedPlace,
): Promise<FoundPlace> {
  for (const folder of await foldersOf(place)) {
    const member = await readMember(place, folder);
    if (member === undefined || member.lead !== leadPlace.path) continue;
    if (journal?.header.started !== member.started) continue;
    if (journal.complete) return previewComplete(place, folder);
    return { place: { ...place, partial: folder }, state: { kind: 'member', member, run: journal } };
  }
  const { found } = await previewPlace(place);
  const { state } = found;
  const isDropped =
    state.kind === 'member' && !(await isKept(place, state.member, { place: leadPlace, journal }));
  return isDropped ? { place, state: await readFinished(place) } : found;
}

/** Returns the folders where a run in progress at a place may be, the current one first. */
async function foldersOf(place: RunPlace): Promise<readonly string[]> {
  const { partial } = place;
  const next = nextFolder(place);
  for (const folder of [partial, next]) if (await exists(folder)) await refuseForeign(folder);
  return (await exists(partial)) ? [partial, join(partial, PARTIAL.base)] : [join(next, PARTIAL.base)];
}

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
