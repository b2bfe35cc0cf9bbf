import { join } from 'node:path';
import { counted } from '../counted.js';
import { OutputError } from '../errors.js';
import { orClose } from '../files/or-close.js';
import { alreadyExists } from '../files/place.js';
import type { InputItem, JobItem } from '../item.js';
import type { OutputLayout } from '../outputs/layout.js';
import { refuseDifferent } from './fingerprint.js';
import { compareInputs, type InputChanges, isRespelledOnly, type KnownInputs } from './input-changes.js';
import { type Fingerprint, type JournalHeader, type JournalState, readJournal } from './journal.js';
import { type Manifest, manifestDigest, readManifest } from './manifest.js';
import { removePartial } from './publish.js';
import { PARTIAL, type RunPlace } from './run-place.js';
import { RunSink, type RunSinkOptions } from './run-sink.js';
import type { RunState } from './run-state.js';
import { failedAgain, withStoredRows } from './stored-items.js';
import { StoredRows } from './stored-rows.js';
import { refuseAltered } from './verify.js';

/** What to do where earlier runs have left something. */
export type OutputMode = 'new' | 'overwrite' | 'resume' | 'sync' | 'retry';

export interface RunStartOptions extends RunSinkOptions {
  readonly mode: OutputMode;
  readonly state: RunState;
  readonly fingerprint: Fingerprint;
  readonly items: AsyncGenerator<InputItem>;
  readonly walkAgain: (() => AsyncGenerator<InputItem>) | undefined; // undefined where inputs are read only once
  readonly onNote: (note: string) => void; // one line, for a person
}

/** A run that is under way, and the inputs that are left for it. */
export interface StartedRun {
  readonly sink: RunSink;
  readonly items: AsyncIterable<JobItem>;
  readonly close: () => Promise<void>; // when the items have been taken
  readonly passedOver?: Manifest['passedOver']; // where the items are the rows of an output; left out where they are inputs
}

/**
 * Refuses a mode that does not fit what earlier runs have left, before a model is loaded.
 * @throws {OutputError} with what to do instead
 */
export function refuseState({ output, partial }: RunPlace, state: RunState, mode: OutputMode): void {
  if (mode === 'overwrite' || state.kind === 'nothing') return;
  if (state.kind === 'interrupted') {
    const { retries } = state.journal.header;
    if (mode !== 'new' && retries === (mode === 'retry')) return;
    throw new OutputError(
      `A ${retries ? 'retry of' : 'run to'} ${output} was interrupted; its rows are kept in ${partial}.`,
      {
        hint: retries
          ? `halonet retry ${output} goes on with it.`
          : 'The command with --resume goes on with it; --overwrite gives it up.',
      },
    );
  }
  if (mode === 'new') throw alreadyExists(state.kind === 'unknown' ? state.found : output);
  if (state.kind === 'finished') return;
  throw new OutputError(`${state.found} exists, but is not as a run of halonet has left it.`, {
    hint: 'Pass --overwrite to replace it, or choose another name.',
  });
}

/** How a run is to start. */
export type Start =
  | { readonly kind: 'new' }
  | { readonly kind: 'finished'; readonly manifest: Manifest; readonly changes?: InputChanges } // nothing is left to do
  | { readonly kind: 'interrupted'; readonly journal: JournalState } // goes on
  | { readonly kind: 'synced'; readonly state: Left; readonly changes: InputChanges | undefined }; // takes rows over

export interface StartQuestion extends Pick<RunStartOptions, 'place' | 'mode' | 'state' | 'fingerprint'> {
  /** How the inputs differ from known ones; undefined where they do not. */
  readonly compare: (known: KnownInputs) => Promise<InputChanges | undefined>;
  readonly unread?: boolean; // the inputs, so that nothing is known of what has changed
  readonly readOnce?: boolean; // the inputs: a comparison uses them up
}

/**
 * Decides how a run starts, and touches nothing.
 * @throws {OutputError} where settings or inputs have changed since
 */
export async function decideStart(question: StartQuestion): Promise<Start> {
  const { mode, state, fingerprint, place, compare, unread = false, readOnce = false } = question;
  if (mode === 'new' || mode === 'overwrite' || !isLeft(state)) return { kind: 'new' };
  refuseDifferent(place.output, fingerprintThen(state), fingerprint, []);
  if (mode === 'sync' && unread) return { kind: 'synced', state, changes: undefined };
  const changes = await compare(knownInputs(place, state));
  if (changes === undefined) return state;
  if (mode === 'resume') {
    if (!isRespelledOnly(changes)) throw changedInputs(place.output, changes);
    if (state.kind === 'finished') return { ...state, changes };
    if (readOnce) throw changedInputs(place.output, changes);
  }
  refuseEmptied(place.output, changes, knownInputs(place, state).rows);
  return { kind: 'synced', state, changes };
}

/**
 * Starts a run, or goes on with one.
 *
 * @returns the manifest of the finished run where nothing is left to do
 * @throws {OutputError} where settings or inputs have changed since
 */
export async function startRun(options: RunStartOptions): Promise<StartedRun | Manifest> {
  const { mode, state, fingerprint, place, items } = options;
  if (mode === 'retry' && isLeft(state)) {
    refuseDifferent(place.output, fingerprintThen(state), fingerprint, LIMITS);
    return retried(options, state);
  }
  const start = await decideStart({
    ...options,
    compare: (known) => compareInputs(items, known),
    readOnce: options.walkAgain === undefined,
  });
  if (start.kind === 'finished') {
    if (start.changes !== undefined) options.onNote(otherPaths(place.output, start.changes));
    return start.manifest;
  }
  if (start.kind === 'interrupted') return resumed(options, start.journal, items);
  if (start.kind === 'synced') {
    if (start.changes !== undefined) options.onNote(`${place.output}: ${changesText(start.changes)}`);
    return synced(options, start.state);
  }
  await removePartial(place);
  const sink = await RunSink.start(options, headerOf(fingerprint, { replaces: mode === 'overwrite' }), false);
  return { sink, items, close: async () => {} };
}

// What may be set anew for images that have failed.
const LIMITS = ['maxPixels', 'failOn'];

type Left = Extract<RunState, { kind: 'interrupted' | 'finished' }>;

const isLeft = (state: RunState): state is Left => state.kind === 'interrupted' || state.kind === 'finished';

const fingerprintThen = (state: Left): Fingerprint =>
  state.kind === 'finished' ? state.manifest.fingerprint : state.journal.header.fingerprint;

/** Goes on with a run, whose first inputs have been taken. */
async function resumed(
  options: RunStartOptions,
  journal: JournalState,
  items: AsyncIterable<InputItem>,
): Promise<StartedRun> {
  const { place, layout, onNote } = options;
  const { reuses, base } = journal.header;
  const finished = await refuseOtherBase(options, base);
  const stored = reuses ? await basesOf(place, layout, finished?.rows) : [];
  const sink = await orClose(all(stored), () => RunSink.resume(options, journal));
  onNote(goingOn(place, journal));
  return { sink, ...reusing(items, stored, options) };
}

/** Starts a run that takes over the rows of what is left. */
async function synced(options: RunStartOptions, state: Left): Promise<StartedRun> {
  const { place, layout, items, walkAgain = () => items } = options;
  const keepsBase = state.kind === 'interrupted';
  const base = state.kind === 'finished' ? manifestDigest(state.manifest) : state.journal.header.base;
  const replaces = state.kind === 'finished' || state.journal.header.replaces;
  const finished = await refuseOtherBase(options, base);
  const header = headerOf(options.fingerprint, { replaces, reuses: true, base });
  const sink = await RunSink.start(options, header, keepsBase);
  const bases = await orClose(leaving(sink), () => basesOf(place, layout, finished?.rows));
  return { sink, ...reusing(walkAgain(), bases, options) };
}

/**
 * Starts a run over the rows of the finished output, or goes on with one, in which the failed ones are computed again. It keeps
 * the settings of that run: other limits are for these images alone.
 */
async function retried(options: RunStartOptions, state: Left): Promise<StartedRun | Manifest> {
  const { place, layout, onNote } = options;
  if (state.kind === 'finished' && Object.keys(state.manifest.failures).length === 0) return state.manifest;
  const base = state.kind === 'finished' ? manifestDigest(state.manifest) : state.journal.header.base;
  const finished = await refuseOtherBase(options, base);
  const stored = await StoredRows.open(place, layout, finished?.rows ?? 0);
  const from = state.kind === 'finished' ? 0 : state.journal.checkpoint.rows;
  const sink = await orClose(stored, () =>
    state.kind === 'finished'
      ? RunSink.start(
          options,
          headerOf(fingerprintThen(state), { replaces: true, retries: true, base }),
          false,
        )
      : RunSink.resume(options, state.journal),
  );
  if (state.kind === 'interrupted') onNote(goingOn(place, state.journal));
  return {
    sink,
    items: failedAgain(stored, from),
    close: () => stored.close(),
    passedOver: finished?.passedOver ?? {},
  };
}

/**
 * @param base as in a journal's header
 * @returns the manifest of the finished output that rows are taken over from; undefined where there is no such output
 * @throws {OutputError} where it is gone, another one, or not as its manifest says
 */
async function refuseOtherBase(
  { place, signal }: RunStartOptions,
  base: string,
): Promise<Manifest | undefined> {
  if (base === '') return undefined;
  const manifest = await readManifest(place.output, place.manifest);
  if (manifest === undefined || manifestDigest(manifest) !== base) {
    throw new OutputError(
      `${place.output} is not the output any more that the run in ${place.partial} takes rows over from.`,
      { hint: 'Bring it back, or pass --overwrite to the command of that run to start over.' },
    );
  }
  await refuseAltered(place, manifest, signal);
  return manifest;
}

const goingOn = ({ output }: RunPlace, { checkpoint: { rows } }: JournalState) =>
  rows === 0 ? `${output}: beginning again` : `${output}: going on after ${counted(rows, 'row')}`;

function reusing(
  items: AsyncIterable<InputItem>,
  stored: readonly StoredRows[],
  { place: { output } }: RunStartOptions,
) {
  return {
    items: stored.length === 0 ? items : withStoredRows(items, stored, output),
    close: all(stored).close,
  };
}

const all = (stored: readonly StoredRows[]) => ({
  close: async () => {
    for (const rows of stored) await rows.close();
  },
});

const leaving = (sink: RunSink) => ({ close: async () => void (await sink.leave()) });

/** The rows that a run may take over: of the runs that it stands for, and of the finished output that is its base. */
async function basesOf(
  place: RunPlace,
  layout: OutputLayout,
  finishedRows: number | undefined,
): Promise<readonly StoredRows[]> {
  const { output } = place;
  const bases: StoredRows[] = [];
  let folder = place.partial;
  return orClose(all(bases), async () => {
    for (;;) {
      folder = join(folder, PARTIAL.base);
      const journal = await readJournal(output, join(folder, PARTIAL.journal));
      if (journal === undefined) break;
      bases.push(await StoredRows.open(place, layout, journal.checkpoint.rows, folder));
    }
    if (finishedRows !== undefined) bases.push(await StoredRows.open(place, layout, finishedRows));
    return bases;
  });
}

function knownInputs({ output, partial, ledger }: RunPlace, state: Left): KnownInputs {
  if (state.kind === 'finished') return { output, ledger, rows: state.manifest.rows, whole: true };
  const { rows } = state.journal.checkpoint;
  return { output, ledger: join(partial, PARTIAL.ledger), rows, whole: false };
}

function headerOf(
  fingerprint: Fingerprint,
  { replaces = false, reuses = false, retries = false, base = '' }: Partial<JournalHeader>,
): JournalHeader {
  return { halonet: 2, fingerprint, replaces, reuses, retries, base, started: new Date().toISOString() };
}

/** Inputs that cannot be reached are not gone: nothing is dropped for them. */
function refuseEmptied(output: string, { lost, unread }: InputChanges, rows: number): void {
  if (lost === 0 || (lost < rows && unread === 0)) return;
  const why =
    unread > 0 ? `${counted(unread, 'input')} cannot be read` : 'none of its inputs is there any more';
  throw new OutputError(`${output} would lose ${lost} of its ${counted(rows, 'row')}, and ${why}.`, {
    hint: 'Is a disk or a folder away? Pass --overwrite to start over with what is there.',
  });
}

function changedInputs(output: string, changes: InputChanges): OutputError {
  return new OutputError(`The inputs of ${output} are not as they were: ${changesText(changes)}.`, {
    hint: 'Pass --sync to compute what is new or changed and take over the rest, or --overwrite to start over.',
  });
}

const otherPaths = (output: string, { respelled }: InputChanges) =>
  `${output} has ${counted(respelled, 'row')} whose image is now given by another path; --sync rewrites the paths`;

export function changesText({ gained, lost, changed, moved, respelled }: InputChanges): string {
  const counts = [
    [gained, 'new'],
    [changed, 'changed'],
    [lost, 'gone'],
    [respelled, 'given by another path'],
  ] as const;
  const parts = counts.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
  return [...parts, ...(moved ? ['in another order'] : [])].join(', ');
}
