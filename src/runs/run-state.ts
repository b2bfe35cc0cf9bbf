import { mkdir, rename } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { statOrUndefined } from '../files/place.js';
import { ARRANGEMENTS, filePath } from '../outputs/arrangement.js';
import { featureFiles } from '../outputs/features-folder.js';
import { type JournalState, readJournal } from './journal.js';
import { type Manifest, readManifest, setPaths } from './manifest.js';
import { type Member, readMember } from './member.js';
import { allOutputs, mapOutputs, type PerOutput } from './per-output.js';
import { exists, PARTIAL, pathsBeside, type RunPlace } from './run-place.js';

/** What earlier runs left at the place of one output. */
export type PlaceState =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'interrupted'; readonly journal: JournalState } // of a run that it leads
  | { readonly kind: 'member'; readonly member: Member; readonly run: JournalState | undefined } // of a run that another output leads, if that is found
  | { readonly kind: 'finished'; readonly manifest: Manifest }
  | { readonly kind: 'altered'; readonly found: string; readonly file: string; readonly missing: boolean } // the first file that differs from the manifest
  | { readonly kind: 'unknown'; readonly found: string }; // the path of a file that no manifest describes

/** What earlier runs left at the places of all outputs of a run. */
export type RunState =
  | Exclude<PlaceState, { kind: 'member' }>
  | {
      readonly kind: 'foreign';
      readonly outputs: readonly string[];
      readonly isFinished: boolean;
      readonly retries: boolean;
    } // of a run with these outputs, which are not those asked for
  | { readonly kind: 'partly'; readonly existing: string; readonly isFinished: boolean } // the place has nothing of the run that another output is of
  | { readonly kind: 'mixed'; readonly existing: string }; // the place and another output are of different runs

/** A state, and the output that it is told about: the lead, unless another one prevents the run. */
export interface FoundState {
  readonly place: RunPlace;
  readonly state: RunState;
}

/**
 * Reads what earlier runs left, without changing it. A run that only remains to be published counts as interrupted.
 * @throws {OutputError} if another version wrote one of its files
 * @throws the file system's error, or ReadFailure
 */
export async function readState(places: PerOutput<RunPlace>): Promise<FoundState> {
  const others: FoundPlace[] = [];
  for (const place of places.others) others.push({ place, state: await readPlace(place) });
  return stateOf({ lead: { place: places.lead, state: await readPlace(places.lead) }, others });
}

/** Reads the state of one place, as `readState` does. */
export async function readPlace(place: RunPlace): Promise<PlaceState> {
  const { partial } = place;
  const journal = await readJournal(join(partial, PARTIAL.journal));
  if (journal !== undefined) return { kind: 'interrupted', journal };
  const member = await readMember(place, partial);
  return member === undefined
    ? readFinished(place)
    : { kind: 'member', member, run: await readJournal(join(member.leadFolder, PARTIAL.journal)) };
}

/** Reads the state of one place, ignoring a run in progress. */
export async function readFinished(place: RunPlace): Promise<PlaceState> {
  const manifest = await readManifest(place.manifest);
  const differing = manifest && (await findDiffering(place, manifest));
  if (manifest !== undefined && differing === undefined) return { kind: 'finished', manifest };
  const found = await findExisting(place);
  if (found === undefined) return { kind: 'nothing' };
  return differing === undefined ? { kind: 'unknown', found } : { kind: 'altered', found, ...differing };
}

/** What was found at one place. */
export interface FoundPlace {
  readonly place: RunPlace;
  readonly state: PlaceState;
}

/** Tells from the states of all places what a run of these outputs has found. */
export function stateOf(found: PerOutput<FoundPlace>): FoundState {
  const { lead, others } = found;
  const paths = allOutputs(mapOutputs(found, ({ place }) => place.path));
  for (const one of allOutputs(found)) {
    const { place, state } = one;
    if (state.kind === 'altered' || state.kind === 'unknown') return { place, state };
    const outputs = outputsOf(one);
    if (outputs !== undefined && outputs.join('\0') !== paths.join('\0'))
      return {
        place,
        state: { kind: 'foreign', outputs, isFinished: state.kind === 'finished', retries: isRetry(state) },
      };
  }
  const started = startOf(lead.state);
  const differing = others.find(({ state }) => startOf(state) !== started || !fitsLead(state, lead.state));
  if (differing === undefined) return { place: lead.place, state: lead.state as RunState };
  return differenceOf(lead, differing);
}

/** Returns the absolute paths of the outputs of the run that a place is of; undefined if it is of none. */
function outputsOf({ place, state }: FoundPlace): readonly string[] | undefined {
  switch (state.kind) {
    case 'interrupted':
      return [place.path, ...othersOf(place.path, state.journal)];
    case 'member': {
      const { lead } = state.member;
      return [lead, ...(state.run === undefined ? [place.path] : othersOf(lead, state.run))];
    }
    case 'finished':
      return setPaths({ place, manifest: state.manifest });
    default:
      return undefined;
  }
}

/** Returns whether a run in progress is a retry, as far as its journal is found. */
function isRetry(state: PlaceState): boolean {
  if (state.kind === 'interrupted') return state.journal.header.retries;
  return state.kind === 'member' && state.run?.header.retries === true;
}

/** Returns the absolute paths of the outputs of a run besides its lead. */
export const othersOf = (lead: string, { header }: JournalState) =>
  (header.others ?? []).map(({ path }) => resolve(dirname(lead), path));

/** Returns when the run that a place is of started, which tells it from the other runs of the same outputs. */
function startOf(state: PlaceState): string | undefined {
  if (state.kind === 'interrupted') return state.journal.header.started;
  if (state.kind === 'member') return state.member.started;
  return state.kind === 'finished' ? state.manifest.started : undefined;
}

/** Returns whether the state of another output goes with that of the lead, if they are of the same run. */
function fitsLead({ kind }: PlaceState, lead: PlaceState): boolean {
  return kind === (lead.kind === 'interrupted' ? 'member' : lead.kind);
}

/** Tells how the places of a run differ: in what exists, or in which run they are of. */
function differenceOf(lead: FoundPlace, other: FoundPlace): FoundState {
  const [without, within] = lead.state.kind === 'nothing' ? [lead, other] : [other, lead];
  const isFinished = within.state.kind === 'finished';
  if (without.state.kind === 'nothing' || !isFinished)
    return { place: without.place, state: { kind: 'partly', existing: within.place.path, isFinished } };
  return { place: other.place, state: { kind: 'mixed', existing: lead.place.path } };
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

/** Returns the name of a run's folder while its base is moved into it. */
export const nextFolder = ({ partial }: RunPlace) => `${partial}.next`;

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
