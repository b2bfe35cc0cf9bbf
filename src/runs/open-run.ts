// src/runs/: the files of an output, safe against crashes: plan, journal, ledger, checkpoints, reused rows, publishing

import { enumeration } from '../alternatives.js';
import { counted } from '../counted.js';
import { closeOnError } from '../files/close-on-error.js';
import type { Item, JobItem } from '../item.js';
import { basesOf, closerOf, earlierRows, finishedBase } from './earlier-rows.js';
import { compareInputs } from './input-changes.js';
import type { Fingerprint, JournalHeader } from './journal.js';
import { type Manifest, manifestDigest, readManifest } from './manifest.js';
import { allOutputs, mapOutputs, type PerOutput } from './per-output.js';
import { changesText, type EarlierRun, fingerprintOf, type OutputMode, type Plan } from './plan.js';
import { removeRun } from './publish.js';
import { type RunPlace, relativePath } from './run-place.js';
import { RunSink, type RunSinkOptions } from './run-sink.js';
import type { FoundState } from './run-state.js';
import { comparedInputs, settlePlan } from './settle-plan.js';
import { type FindItems, retryItems, withStoredRows } from './stored-items.js';
import type { StoredRows } from './stored-rows.js';

export interface OpenRunOptions extends RunSinkOptions {
  readonly mode: OutputMode;
  readonly found: FoundState;
  readonly fingerprint: Fingerprint;
  readonly items: AsyncGenerator<Item>;
  readonly walkAgain: (() => AsyncGenerator<Item>) | undefined; // undefined if inputs can be read only once
  readonly findItems: FindItems; // for a retry; closed with the run
  readonly onNote: (note: string) => void; // one line, for a person
}

/** A run in progress, and its remaining items. */
export interface OpenRun {
  readonly sink: RunSink;
  readonly items: AsyncIterable<JobItem>;
  readonly close: () => Promise<void>; // to be called once the items have been taken
  readonly walked?: Pick<Manifest, 'skipped' | 'sources'>; // only if the items are the rows of an output
  readonly total?: number; // rows of that output
}

/**
 * Plans a run and carries out the plan.
 *
 * @returns the manifest of the finished run if nothing is left to do
 * @throws {OutputError} if the plan is to refuse, or existing files are damaged
 * @throws the file system's error, or ReadFailure; the items throw ReadFailure too
 */
export async function openRun(options: OpenRunOptions): Promise<OpenRun | Manifest> {
  const { outputs, found, mode, items, walkAgain, onNote } = options;
  const names = namesOf(options);
  const facts = { ...found, mode, outputs: names, lead: outputs.lead.place };
  const plan = await settlePlan(facts, {
    fingerprint: () => options.fingerprint,
    compare: async (known) =>
      comparedInputs(await compareInputs(items, known), { rows: known.rows, used: walkAgain === undefined }),
  });
  switch (plan.kind) {
    case 'refuse':
      throw plan.error;
    case 'done':
      if (plan.respelled > 0) onNote(respelledNote(names, plan.respelled));
      return plan.manifest;
    case 'start':
      return startFresh(plan, options);
    case 'resume':
      return resume(plan, options);
    case 'reuse':
      return reuseRows(plan, options);
  }
}

type Planned<K extends Plan['kind']> = Extract<Plan, { kind: K }>;

async function startFresh({ replaces }: Planned<'start'>, options: OpenRunOptions): Promise<OpenRun> {
  await removeRun(placesOf(options));
  const sink = await RunSink.start(options, headerOf(options, options.fingerprint, { replaces }), false);
  return { sink, items: options.items, close: async () => {} };
}

async function resume({ journal }: Planned<'resume'>, options: OpenRunOptions): Promise<OpenRun> {
  const { outputs, onNote, signal } = options;
  const { reuses, retries } = journal.header;
  const finished = await finishedBase(placesOf(options), basesOf(journal.header), signal);
  const stored = reuses || retries ? await earlierRows(outputs, finished?.rows) : [];
  const sink = await closeOnError(closerOf(stored), () => RunSink.resume(options, journal));
  const { rows } = journal.checkpoint;
  onNote(
    `${enumeration(namesOf(options))}: ${rows === 0 ? 'starting over' : `continuing after ${counted(rows, 'row')}`}`,
  );
  if (retries) return { sink, ...itemsOfRetry(stored, rows, finished, options) };
  return { sink, ...itemsOfReuse(stored, options.items) };
}

/** Starts a run that reuses rows. A retry keeps the settings of the original run: changed limits apply only to failed images. */
async function reuseRows(
  { from, rows, changes }: Planned<'reuse'>,
  options: OpenRunOptions,
): Promise<OpenRun> {
  const { outputs, items, walkAgain = () => items, onNote, signal } = options;
  if (changes !== undefined) onNote(`${enumeration(namesOf(options))}: ${changesText(changes)}`);
  const retries = rows === 'succeeded';
  const places = placesOf(options);
  const bases = from.kind === 'finished' ? await digestsOf(places, from) : basesOf(from.journal.header);
  const finished = await finishedBase(places, bases, signal);
  const header = headerOf(
    options,
    retries ? fingerprintOf(from) : options.fingerprint,
    {
      replaces: from.kind === 'finished' || from.journal.header.replaces,
      reuses: !retries,
      retries,
    },
    bases,
  );
  const sink = await RunSink.start(options, header, from.kind === 'interrupted');
  const leaving = { close: async () => void (await sink.leave()) };
  const stored = await closeOnError(leaving, () => earlierRows(outputs, finished?.rows));
  if (retries) return { sink, ...itemsOfRetry(stored, 0, finished, options) };
  return { sink, ...itemsOfReuse(stored, walkAgain()) };
}

/** Returns the inputs as items, some with a stored row. */
function itemsOfReuse(stored: readonly StoredRows[], items: AsyncIterable<Item>): Omit<OpenRun, 'sink'> {
  return {
    items: stored.length === 0 ? items : withStoredRows(items, stored),
    close: closerOf(stored).close,
  };
}

/** Returns the rows of the finished output as items, from row `from` on. */
function itemsOfRetry(
  stored: readonly StoredRows[],
  from: number,
  finished: Manifest | undefined,
  { findItems }: OpenRunOptions,
): Omit<OpenRun, 'sink'> {
  const [rows] = stored;
  return {
    items: rows === undefined ? noItems() : retryItems(rows, from, findItems),
    close: async () => {
      await findItems.close();
      await closerOf(stored).close();
    },
    walked: { skipped: finished?.skipped ?? {}, sources: finished?.sources ?? {} },
    total: rows?.rows ?? 0,
  };
}

async function* noItems(): AsyncGenerator<JobItem> {}

const placesOf = ({ outputs }: Pick<OpenRunOptions, 'outputs'>): PerOutput<RunPlace> =>
  mapOutputs(outputs, ({ place }) => place);

/** Returns the outputs as the user gave them. */
const namesOf = (options: Pick<OpenRunOptions, 'outputs'>) =>
  allOutputs(placesOf(options)).map(({ output }) => output);

/** Returns the digests of the manifests of finished outputs, the lead's first. */
async function digestsOf(
  { others }: PerOutput<RunPlace>,
  { manifest }: Extract<EarlierRun, { kind: 'finished' }>,
): Promise<readonly string[]> {
  const digests = [manifestDigest(manifest)];
  for (const { manifest: path } of others) {
    const other = await readManifest(path);
    digests.push(other === undefined ? '' : manifestDigest(other));
  }
  return digests;
}

/** @param bases as `basesOf`; none by default */
function headerOf(
  options: Pick<OpenRunOptions, 'outputs'>,
  fingerprint: Fingerprint,
  { replaces = false, reuses = false, retries = false }: Partial<JournalHeader>,
  [base = '', ...bases]: readonly string[] = [],
): JournalHeader {
  const { lead, others } = placesOf(options);
  const started = new Date().toISOString();
  return {
    halonet: 2,
    fingerprint,
    replaces,
    reuses,
    retries,
    base,
    started,
    ...(others.length > 0 && {
      others: others.map(({ path }, i) => ({ path: relativePath(lead, path), base: bases[i] ?? '' })),
    }),
  };
}

const respelledNote = (outputs: readonly string[], respelled: number) =>
  `${enumeration(outputs)} ${outputs.length === 1 ? 'has' : 'have'} ${counted(respelled, 'row')} with a new path or new columns; --sync rewrites them`;
