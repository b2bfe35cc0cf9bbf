import { peekable } from '../async/peek.js';
import { remembered } from '../async/remembered.js';
import type { Item } from '../item.js';
import { failureCode, type Row } from '../rows.js';
import { type Destination, openDestination, type Started } from '../runs/destination.js';
import { digestFile, type Manifest } from '../runs/manifest.js';
import { SpaceWatch } from '../runs/space-watch.js';
import { itemsAgain } from '../sources/again.js';
import { PassedOver, type PassedOverCounts } from '../sources/passed-over.js';
import { STDIN } from '../sources/standard-input.js';
import { expectImages } from './expect-images.js';
import { refuseFailure } from './failure-limit.js';
import type { JobOptions, JobSummary } from './options.js';
import { jobFingerprint, type ReadyModel, readyModel } from './ready-model.js';
import { runFacts } from './run-facts.js';
import { throughModel } from './through-model.js';
import { walkImages } from './walk-images.js';

/**
 * Runs one command from its inputs to its output: takes the output, prepares the model, streams every input through it. The
 * output stands under its final name only when all of it is there; what a job that fails leaves can be gone on with.
 *
 * @throws HalonetError when the model, the inputs or the output cannot be used
 */
export async function runJob(options: JobOptions): Promise<JobSummary> {
  await expectInputs(options);
  const destination = await openDestination(options.output);
  try {
    return await runTo(destination, options);
  } finally {
    await destination.release().catch(() => {}); // a lock of a process that has ended holds nobody up
  }
}

/** @throws {InputError} where the inputs cannot be meant; a retry takes its own from the rows that there are */
export async function expectInputs(options: JobOptions): Promise<void> {
  if (options.output.mode !== 'retry') await expectImages(options);
}

async function runTo(destination: Destination, options: JobOptions): Promise<JobSummary> {
  const { suspects, kept } = destination;
  const { ready, started, passedOver } = await begin(destination, options).catch((error) => {
    if (!options.signal?.aborted) throw error;
    options.onLeave?.(kept);
    throw options.signal.reason;
  });
  if (!('sink' in started)) return nothingLeft(started, passedOver.counts);
  if (suspects.length > 0) options.onNote?.(suspicion(suspects));
  return work(options, { ...ready, started, passedOver, suspects: new Set(suspects) });
}

async function begin(destination: Destination, options: JobOptions) {
  const { onNote = () => {}, signal } = options;
  const passedOver = new PassedOver();
  const inputs = peekable(walkImages(options.inputs, { ...options, passedOver }));
  const ready = await readyModel(options, inputs, true);
  const started = await destination.start({
    ...{ layout: ready.layout, onNote, signal, again: itemsAgain() },
    ...againWhere(options, inputs.items, passedOver),
    fingerprint: () => jobFingerprint(options, ready),
  });
  return { ready, started, passedOver };
}

/** The inputs, and how to take them a second time. A list is read only once, but for --sync, which holds it in memory. */
function againWhere(
  { inputs, sources, output, signal }: JobOptions,
  items: AsyncGenerator<Item>,
  passedOver: PassedOver,
) {
  if (!inputs.includes(STDIN))
    return { items, walkAgain: () => walkImages(inputs, { signal, sources, passedOver }) };
  if (output.mode !== 'sync') return { items, walkAgain: undefined };
  const list = remembered(items);
  return { items: list.items, walkAgain: list.again };
}

function suspicion(suspects: readonly string[]): string {
  const names = suspects.map((path) => JSON.stringify(path)).join(', ');
  return `${names} ${suspects.length === 1 ? 'was' : 'were'} being decoded when the last run died: to be safe, in a process apart now`;
}

function nothingLeft({ rows, failures }: Manifest, passedOver: PassedOverCounts): JobSummary {
  return { rows, failures, done: 0, stored: 0, seconds: 0, passedOver };
}

/** A job whose output is open, too. */
interface Ready extends ReadyModel {
  readonly started: Started;
  readonly passedOver: PassedOver; // of the walk of its inputs
  readonly suspects: ReadonlySet<string>;
}

async function work(options: JobOptions, ready: Ready): Promise<JobSummary> {
  const { started, prepared, choice } = ready;
  const { sink } = started;
  const before = sink.counts.rows;
  const space = watchSpace(options, ready, before);
  const start = performance.now();
  const digest = started.recorded ? digestFile(prepared.path, prepared.path) : undefined;
  digest?.catch(() => {}); // thrown where it is awaited
  let stored = 0;
  const write = async (row: Row) => {
    if (row.status === 'failed' && options.failureLimit !== undefined)
      refuseFailure(options.failureLimit, sink.counts, row.path, row.failure);
    await sink.write(row);
    if (row.status === 'stored') stored++;
    options.onRow?.(failureCode(row) !== undefined, row.status === 'stored');
    await space?.wrote();
  };
  try {
    const measured = await throughModel(options, ready, ready.suspects, (take, opened) => {
      options.onStart?.(opened, sink.counts);
      return take(started.items, write, { around: started.around, onNote: options.onNote });
    });
    await started.close(); // Windows replaces no file that is open
    options.onFinish?.();
    const modelSha256 = (await digest)?.sha256 ?? '';
    const passedOver = started.passedOver ?? ready.passedOver.counts;
    const facts = { model: options.model, modelSha256, device: choice.device.name, stored, passedOver };
    await sink.commit(runFacts(options.invocation, prepared, facts));
    const seconds = (performance.now() - start) / 1000;
    return { ...sink.counts, done: sink.counts.rows - before, stored, seconds, measured, passedOver };
  } catch (error) {
    const kept = await sink.leave().catch(() => 0); // what went wrong first is what matters
    options.onLeave?.(kept);
    throw options.signal?.aborted ? options.signal.reason : error;
  } finally {
    await started.close();
  }
}

/** undefined where there is nothing to watch, or the check is off. */
function watchSpace(
  { inputCount, output: { output, checkpointSeconds }, onNote = () => {} }: JobOptions,
  { layout, started: { space } }: Ready,
  rows: number,
): SpaceWatch | undefined {
  if (space === undefined || inputCount === undefined) return undefined;
  return new SpaceWatch(
    { ...space, output, layout, rows },
    { total: inputCount, everySeconds: checkpointSeconds, onNote },
  );
}
