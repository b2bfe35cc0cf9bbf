// src/job/: a command's work from its inputs to its output, and what it would do

import { peekable } from '../async/peek.js';
import { remembered } from '../async/remembered.js';
import { attempt } from '../files/write-error.js';
import type { Item } from '../item.js';
import { failureCode, type Row, type RowSink } from '../rows.js';
import { digestFile, type Manifest, type RunFacts } from '../runs/manifest.js';
import { PassedOver, type PassedOverCounts } from '../sources/passed-over.js';
import { STDIN } from '../sources/standard-input.js';
import { noteEvents } from './events.js';
import { expectInputs } from './expect-images.js';
import { refuseFailure } from './failure-limit.js';
import { InputCount } from './input-count.js';
import type { JobOptions, JobSummary } from './options.js';
import { type ReadyModel, readyModel } from './ready-model.js';
import { runFacts } from './run-facts.js';
import { openTarget, type StartedTarget, type Target } from './target.js';
import { throughModel } from './through-model.js';
import { walkImages } from './walk-images.js';

/**
 * Runs one command from its inputs to its output: locks the output, prepares the model, and streams every input through it.
 * The output gets its final name only once complete; a later job can resume one that failed.
 *
 * @throws HalonetError if the model, the inputs or the output cannot be used
 */
export async function runJob(options: JobOptions): Promise<JobSummary> {
  await expectInputs(options);
  const target = await openTarget(options);
  const count = new InputCount();
  try {
    return await runTo(target, count, options);
  } finally {
    await count.stop();
    await target.release().catch(() => {}); // stale locks are ignored
  }
}

async function runTo(target: Target, count: InputCount, options: JobOptions): Promise<JobSummary> {
  const { suspects, kept } = target;
  const { ready, started, passedOver } = await begin(target, count, options).catch((error) => {
    if (!options.signal?.aborted) throw error;
    options.onEvent?.({ kind: 'left', rows: kept });
    throw options.signal.reason;
  });
  if (!('sink' in started)) return nothingLeft(started, passedOver.counts);
  if (suspects.length > 0) noteEvents(options.onEvent)(suspicion(suspects));
  return work(options, { ...ready, started, passedOver, suspects, count });
}

async function begin(target: Target, count: InputCount, options: JobOptions) {
  const { images, signal } = options;
  const { sources, stdin, nul } = images;
  const passedOver = new PassedOver();
  const inputs = peekable(walkImages(images.inputs, { sources, stdin, nul, signal, passedOver }));
  const ready = await readyModel(options, inputs, true);
  const again = againWhere(options, inputs.items, passedOver);
  const started = await target.start(ready, { ...again, total: () => count.total });
  return { ready, started, passedOver };
}

/** Returns the inputs, and how to take them a second time. A list can be read only once, so --sync holds it in memory. */
function againWhere(
  { images: { inputs, sources }, outputs, signal }: JobOptions,
  items: AsyncGenerator<Item>,
  passedOver: PassedOver,
) {
  if (!inputs.includes(STDIN))
    return { items, walkAgain: () => walkImages(inputs, { sources, signal, passedOver }) };
  if ('sink' in outputs || outputs.destination.mode !== 'sync') return { items, walkAgain: undefined };
  const list = remembered(items);
  return { items: list.items, walkAgain: list.again };
}

function suspicion(suspects: readonly string[]): string {
  const names = suspects.map((path) => JSON.stringify(path)).join(', ');
  return `${names} ${suspects.length === 1 ? 'was' : 'were'} being decoded when the last run crashed; decoding ${suspects.length === 1 ? 'it' : 'them'} in a separate process`;
}

function nothingLeft({ rows, failures }: Manifest, passedOver: PassedOverCounts): JobSummary {
  return { rows, failures, done: 0, stored: 0, seconds: 0, passedOver };
}

/** A job whose model and output are ready. */
interface Ready extends ReadyModel {
  readonly started: StartedTarget;
  readonly passedOver: PassedOver; // by the walk of its inputs
  readonly suspects: readonly string[];
  readonly count: InputCount;
}

async function work(options: JobOptions, ready: Ready): Promise<JobSummary> {
  const { started, suspects } = ready;
  const { sink } = started;
  const { onEvent } = options;
  const before = sink.counts.rows;
  const start = performance.now();
  const facts = factsAtEnd(options, ready);
  const rows = new WrittenRows(options, started);
  try {
    const measured = await throughModel(options, ready, new Set(suspects), (take, opened) => {
      onEvent?.({ kind: 'started', opened, rows: before });
      ready.count.start(options);
      const onNote = noteEvents(onEvent);
      return take(started.items, (row) => rows.write(row), { around: started.around, onNote });
    });
    await started.close(); // Windows cannot replace open files
    onEvent?.({ kind: 'finishing' });
    await sink.commit(await facts(rows.stored));
    const seconds = (performance.now() - start) / 1000;
    const done = sink.counts.rows - before;
    const passedOver = passedOverIn(ready);
    return { ...sink.counts, done, stored: rows.stored, seconds, measured, passedOver };
  } catch (error) {
    const kept = await sink.leave().catch(() => 0); // the first error matters
    onEvent?.({ kind: 'left', rows: kept });
    throw options.signal?.aborted ? options.signal.reason : error;
  } finally {
    await started.close();
  }
}

/**
 * Starts to hash the file of the weights, if a manifest will record it, in parallel with the work.
 * @returns a function from the number of reused rows to what the manifest records about the job besides its rows
 */
function factsAtEnd({ model, invocation }: JobOptions, ready: Ready): (stored: number) => Promise<RunFacts> {
  const { started, prepared, choice } = ready;
  const digest = started.recorded ? attempt(prepared.path, () => digestFile(prepared.path)) : undefined;
  digest?.catch(() => {}); // thrown when awaited
  return async (stored) =>
    runFacts(invocation, prepared, {
      model,
      modelSha256: (await digest)?.sha256 ?? '',
      device: choice.device.name,
      stored,
      passedOver: passedOverIn(ready),
    });
}

const passedOverIn = ({ started, passedOver }: Ready) => started.passedOver ?? passedOver.counts;

/** Writes the rows of a job and reports them as events. */
class WrittenRows {
  readonly #options: JobOptions;
  readonly #target: StartedTarget;
  readonly #sink: RowSink<RunFacts>;
  stored = 0; // reused rows

  constructor(options: JobOptions, target: StartedTarget) {
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
    onEvent?.({ kind: 'row', failed: failureCode(row) !== undefined, stored: row.status === 'stored' });
    await this.#target.space?.wrote();
  }
}
