// src/runs/: the files of an output, safe against crashes: plan, journal, ledger, checkpoints, reused rows, publishing

import { counted } from '../counted.js';
import { closeOnError } from '../files/close-on-error.js';
import type { Item, JobItem } from '../item.js';
import { closerOf, earlierRows, finishedBase } from './earlier-rows.js';
import { compareInputs } from './input-changes.js';
import type { Fingerprint, JournalHeader } from './journal.js';
import { type Manifest, manifestDigest } from './manifest.js';
import { changesText, fingerprintOf, type OutputMode, type Plan } from './plan.js';
import { removePartial } from './publish.js';
import { RunSink, type RunSinkOptions } from './run-sink.js';
import type { RunState } from './run-state.js';
import { comparedInputs, settlePlan } from './settle-plan.js';
import { type FindItems, retryItems, withStoredRows } from './stored-items.js';
import type { StoredRows } from './stored-rows.js';

export interface OpenRunOptions extends RunSinkOptions {
  readonly mode: OutputMode;
  readonly state: RunState;
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
}

/**
 * Plans a run and carries out the plan.
 *
 * @returns the manifest of the finished run if nothing is left to do
 * @throws {OutputError} if the plan is to refuse, or existing files are damaged
 * @throws the file system's error, or ReadFailure; the items throw ReadFailure too
 */
export async function openRun(options: OpenRunOptions): Promise<OpenRun | Manifest> {
  const { place, items, walkAgain, onNote } = options;
  const plan = await settlePlan(options, {
    fingerprint: () => options.fingerprint,
    compare: async (known) =>
      comparedInputs(await compareInputs(items, known), { rows: known.rows, used: walkAgain === undefined }),
  });
  switch (plan.kind) {
    case 'refuse':
      throw plan.error;
    case 'done':
      if (plan.respelled > 0) onNote(respelledNote(place.output, plan.respelled));
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
  await removePartial(options.place);
  const sink = await RunSink.start(options, headerOf(options.fingerprint, { replaces }), false);
  return { sink, items: options.items, close: async () => {} };
}

async function resume({ journal }: Planned<'resume'>, options: OpenRunOptions): Promise<OpenRun> {
  const { place, layout, onNote, signal } = options;
  const { reuses, retries, base } = journal.header;
  const finished = await finishedBase(place, base, signal);
  const stored = reuses || retries ? await earlierRows(place, layout, finished?.rows) : [];
  const sink = await closeOnError(closerOf(stored), () => RunSink.resume(options, journal));
  const { rows } = journal.checkpoint;
  onNote(`${place.output}: ${rows === 0 ? 'starting over' : `continuing after ${counted(rows, 'row')}`}`);
  if (retries) return { sink, ...itemsOfRetry(stored, rows, finished, options) };
  return { sink, ...itemsOfReuse(stored, options.items) };
}

/** Starts a run that reuses rows. A retry keeps the settings of the original run: changed limits apply only to failed images. */
async function reuseRows(
  { from, rows, changes }: Planned<'reuse'>,
  options: OpenRunOptions,
): Promise<OpenRun> {
  const { place, layout, items, walkAgain = () => items, onNote, signal } = options;
  if (changes !== undefined) onNote(`${place.output}: ${changesText(changes)}`);
  const retries = rows === 'succeeded';
  const base = from.kind === 'finished' ? manifestDigest(from.manifest) : from.journal.header.base;
  const finished = await finishedBase(place, base, signal);
  const header = headerOf(retries ? fingerprintOf(from) : options.fingerprint, {
    replaces: from.kind === 'finished' || from.journal.header.replaces,
    reuses: !retries,
    retries,
    base,
  });
  const sink = await RunSink.start(options, header, from.kind === 'interrupted');
  const leaving = { close: async () => void (await sink.leave()) };
  const stored = await closeOnError(leaving, () => earlierRows(place, layout, finished?.rows));
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
  };
}

async function* noItems(): AsyncGenerator<JobItem> {}

function headerOf(
  fingerprint: Fingerprint,
  { replaces = false, reuses = false, retries = false, base = '' }: Partial<JournalHeader>,
): JournalHeader {
  return { halonet: 2, fingerprint, replaces, reuses, retries, base, started: new Date().toISOString() };
}

const respelledNote = (output: string, respelled: number) =>
  `${output} has ${counted(respelled, 'row')} with a new path or new columns; --sync rewrites them`;
