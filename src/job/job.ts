// src/job/: the work of a command from inputs to output, and its dry run

import { peekable } from '../async/peek.js';
import { replayable } from '../async/replayable.js';
import { attempt } from '../files/write-error.js';
import type { Item } from '../item.js';
import { failureCode, type Row, type RowSink } from '../rows.js';
import { digestFile, type Manifest, type RunFacts } from '../runs/manifest.js';
import { STDIN } from '../sources/standard-input.js';
import { WalkCounts } from '../sources/walk-counts.js';
import { StageClock } from '../stream/stage-clock.js';
import { noteEvents } from './events.js';
import { refuseFailure } from './failure-limit.js';
import { InputCount } from './input-count.js';
import type { JobOptions, JobSummary } from './options.js';
import { Pulse } from './pulse.js';
import { type ReadyModel, readyModel } from './ready-model.js';
import { runFacts } from './run-facts.js';
import { settleInputs } from './settle-inputs.js';
import { type JobTarget, type OpenTarget, reserveTarget } from './target.js';
import { walkImages } from './walk-images.js';
import { withModel } from './with-model.js';
import { withStorage } from './with-storage.js';

/**
 * Runs one command from its inputs to its output: locks the output, prepares the model, and streams every input through it.
 * The output gets its final name only once complete; a later job can resume one that failed.
 *
 * @throws HalonetError if the model, the inputs or the output cannot be used
 */
export function runJob(options: JobOptions): Promise<JobSummary> {
  return withStorage(options, async (stored, storage) => {
    const summary = await runStored(stored);
    const { retries, sources } = summary;
    return { ...summary, sources: { ...(!retries && sources), ...storage.counts } };
  });
}

async function runStored(given: JobOptions): Promise<JobSummary> {
  const pulse = new Pulse(given.onEvent);
  try {
    return await runSettled(await settleInputs(given), pulse);
  } finally {
    pulse.stop();
  }
}

async function runSettled(options: JobOptions, pulse: Pulse): Promise<JobSummary> {
  const target = await reserveTarget(options);
  const count = new InputCount();
  try {
    return await runReserved(target, { count, pulse }, options);
  } finally {
    await count.stop();
    await target.release().catch(() => {}); // stale locks are ignored
  }
}

/** What accompanies a job from the reservation of its output to its end. */
interface Companions {
  readonly count: InputCount;
  readonly pulse: Pulse;
}

async function runReserved(
  target: JobTarget,
  { count, pulse }: Companions,
  options: JobOptions,
): Promise<JobSummary> {
  const { suspects, kept } = target;
  const { ready, opened, walked } = await prepareTarget(target, count, options).catch((error) => {
    if (!options.signal?.aborted) throw error;
    options.onEvent?.({ kind: 'stopped', rows: kept });
    throw options.signal.reason;
  });
  if (!('sink' in opened)) return summaryOfFinished(opened, walked, options);
  if (suspects.length > 0) noteEvents(options.onEvent)(suspectsNote(suspects));
  return processInputs(options, { ...ready, opened, walked, suspects, count, pulse });
}

async function prepareTarget(target: JobTarget, count: InputCount, options: JobOptions) {
  const { images, signal } = options;
  const { stdin, nul } = images;
  const walked = new WalkCounts();
  const onNote = noteEvents(options.onEvent);
  const inputs = peekable(walkImages(images, { stdin, nul, signal, counts: walked, onNote }));
  const ready = await readyModel(options, inputs, true);
  const again = walkTwice(options, inputs.items, walked);
  const opened = await target.open(ready, { ...again, total: () => count.total });
  return { ready, opened, walked };
}

/** Returns the inputs, and how to take them a second time. A list can be read only once, so --sync holds it in memory. */
function walkTwice({ images, outputs, signal }: JobOptions, items: AsyncGenerator<Item>, counts: WalkCounts) {
  if (!images.inputs.includes(STDIN))
    return { items, walkAgain: () => walkImages(images, { signal, counts }) };
  if ('sink' in outputs || outputs.mode !== 'sync') return { items, walkAgain: undefined };
  const twice = replayable(items);
  return { items: twice.items, walkAgain: twice.replay };
}

function suspectsNote(suspects: readonly string[]): string {
  const names = suspects.map((path) => JSON.stringify(path)).join(', ');
  return `${names} ${suspects.length === 1 ? 'was' : 'were'} being decoded when the last run crashed; decoding ${suspects.length === 1 ? 'it' : 'them'} in a separate process`;
}

function summaryOfFinished(
  { rows, failures }: Manifest,
  { skipped, sources }: WalkCounts,
  options: JobOptions,
): JobSummary {
  const retries = isRetry(options);
  return { rows, failures, done: 0, stored: 0, succeeded: 0, retries, seconds: 0, skipped, sources };
}

const isRetry = ({ outputs }: JobOptions) => !('sink' in outputs) && outputs.mode === 'retry';

/** A job whose model and output are ready. */
interface Ready extends ReadyModel, Companions {
  readonly opened: OpenTarget;
  readonly walked: WalkCounts; // by the walk of its inputs
  readonly suspects: readonly string[];
}

async function processInputs(options: JobOptions, ready: Ready): Promise<JobSummary> {
  const { opened, suspects } = ready;
  const { sink } = opened;
  const { onEvent } = options;
  const before = sink.counts.rows;
  const start = performance.now();
  const facts = factsAtEnd(options, ready);
  const rows = new WrittenRows(options, opened);
  try {
    const { tuned, stages } = await withModel(
      options,
      ready,
      new Set(suspects),
      async (processItems, session) => {
        onEvent?.({ kind: 'started', opened: session, counts: sink.counts });
        ready.count.start(options, opened.total);
        const onNote = noteEvents(onEvent);
        const clock = new StageClock();
        ready.pulse.follow(() => ({ stages: clock.seconds, bytes: opened.bytes?.() }));
        const write = (row: Row) => rows.write(row);
        const tuned = await processItems(opened.items, write, { around: opened.recordDecode, onNote, clock });
        clock.stop();
        return { tuned, stages: clock.seconds };
      },
    );
    ready.pulse.beat();
    await opened.close(); // Windows cannot replace open files
    onEvent?.({ kind: 'finishing' });
    await sink.commit(await facts(rows.stored));
    const seconds = (performance.now() - start) / 1000;
    const done = sink.counts.rows - before;
    const { stored, succeeded } = rows;
    const retries = isRetry(options);
    const times = { seconds, measured: tuned, stages };
    return { ...sink.counts, done, stored, succeeded, retries, ...times, ...walkedIn(ready) };
  } catch (error) {
    const kept = await sink.leave().catch(() => 0); // the first error matters
    onEvent?.({ kind: 'stopped', rows: kept });
    throw options.signal?.aborted ? options.signal.reason : error;
  } finally {
    await opened.close();
  }
}

/**
 * Starts to hash the file of the weights, if a manifest will record it, in parallel with the work.
 * @returns a function from the number of reused rows to what the manifest records about the job besides its rows
 */
function factsAtEnd(options: JobOptions, ready: Ready): (stored: number) => Promise<RunFacts> {
  const { model, invocation } = options;
  const { opened, prepared, choice } = ready;
  const digest = opened.hasManifest ? attempt(prepared.path, () => digestFile(prepared.path)) : undefined;
  digest?.catch(() => {}); // thrown when awaited
  return async (stored) =>
    runFacts(invocation, prepared, {
      model,
      modelSha256: (await digest)?.sha256 ?? '',
      device: choice.device.name,
      stored,
      ...inputsRead(options, ready),
    });
}

const walkedIn = ({ opened, walked: { skipped, sources } }: Ready) => opened.walked ?? { skipped, sources };

/** Returns the counts for a manifest: those of what was read are of this run, even if the others are of an earlier one. */
function inputsRead({ images }: JobOptions, ready: Ready): Pick<RunFacts, 'skipped' | 'sources'> {
  const { skipped, sources } = walkedIn(ready);
  return { skipped, sources: { ...sources, ...images.storage?.counts } };
}

/** Writes the rows of a job and reports them as events. */
class WrittenRows {
  readonly #options: JobOptions;
  readonly #target: OpenTarget;
  readonly #sink: RowSink<RunFacts>;
  stored = 0; // reused rows
  succeeded = 0; // computed rows with a result

  constructor(options: JobOptions, target: OpenTarget) {
    this.#options = options;
    this.#target = target;
    this.#sink = target.sink;
  }

  /** @throws TooManyFailures if the row exceeds the failure limit */
  async write(row: Row): Promise<void> {
    const { onEvent, images } = this.#options;
    if (row.status === 'failed' && images.failureLimit !== undefined)
      refuseFailure(images.failureLimit, this.#sink.counts, row.id, row.failure);
    await this.#sink.write(row);
    if (row.status === 'stored') this.stored++;
    if (row.status === 'ok') this.succeeded++;
    onEvent?.({ kind: 'row', failure: failureCode(row), stored: row.status === 'stored' });
    await this.#target.space?.wrote();
  }
}
