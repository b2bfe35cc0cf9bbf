import { HalonetError, ModelError } from '../errors.js';
import type { HubProgress } from '../hub/hub.js';
import type { HubSettings } from '../hub/settings.js';
import { DECODABLE_EXTENSIONS } from '../images/extensions.js';
import { type InputItem, walkInputs } from '../inputs/walk.js';
import type { OutputRequest } from '../model/outputs.js';
import type { OutputLayout } from '../outputs/layout.js';
import type { Fingerprint } from '../outputs/run/journal.js';
import { digestFile, type Manifest } from '../outputs/run/manifest.js';
import { failureCode, type Row, type RowCounts } from '../rows.js';
import { CPU, type Host } from '../runtime/devices.js';
import { SAMPLE } from './calibrate.js';
import { chooseDevice, type DeviceChoice, type DeviceRequest } from './choose-device.js';
import { type Destination, type JobOutput, openDestination, type Started } from './destination.js';
import { type FailureLimit, refuseFailure } from './failure-limit.js';
import { fingerprintOf } from './fingerprint.js';
import type { CalibratedModel } from './int8.js';
import type { RunPrecision } from './model-source.js';
import type { OpenedSession } from './open-session.js';
import { type Peekable, peekable } from './peek.js';
import { type JobModel, type Prepared, type PrepareOptions, prepare } from './prepare.js';
import type { PreprocessingOverrides } from './preprocessing.js';
import { remembered } from './remembered.js';
import { type Invocation, runFacts } from './run-facts.js';
import { SpaceWatch } from './space-watch.js';
import { throughModel } from './through-model.js';
import type { MeasuredSettings, TuningOptions } from './tuning.js';

export interface JobOptions extends TuningOptions {
  readonly model: string; // 'demo', a path or a timm name
  readonly architecture?: string | undefined; // timm's, in place of a config.json
  readonly hub: HubSettings;
  readonly inputs: readonly string[]; // files, directories, '-' for a list on stdin
  readonly stdin: () => AsyncIterable<Buffer | string>; // called for the input - only
  readonly nul?: boolean | undefined; // only NULs end the paths on stdin
  readonly outputs: readonly OutputRequest[];
  readonly preprocessing: PreprocessingOverrides;
  readonly decodeSeconds: number; // that an image may take
  readonly threads: number;
  readonly device: DeviceRequest;
  readonly host: Host;
  readonly precision?: RunPrecision | undefined; // the model's own when not given
  readonly calibration?: string | undefined; // images to measure a model for int8 on, in place of the first inputs
  readonly output: JobOutput;
  readonly layout: (model: JobModel) => OutputLayout | Promise<OutputLayout>;
  readonly failureLimit?: FailureLimit | undefined;
  readonly invocation: Invocation;
  readonly inputCount?: (() => number | undefined) | undefined; // once it is known; not given: a full disk is not foreseen
  readonly onDownload?: (progress: HubProgress) => void;
  readonly onMeasure?: () => void; // a model is measured for int8, which takes a while
  readonly onCalibrated?: (model: CalibratedModel) => void;
  readonly onStart?: (opened: OpenedSession, before: RowCounts) => void; // the model is loaded, images follow
  readonly onRow?: (failed: boolean, stored: boolean) => void;
  readonly onFinish?: () => void; // all rows are there, and files are completed
  readonly onLeave?: (rows: number) => void; // the job has failed; so many rows can be gone on from
  readonly signal?: AbortSignal;
}

/** What a job did. */
export interface JobSummary extends RowCounts {
  readonly done: number; // rows of this run; the others were there already
  readonly stored: number; // of these, taken over from an earlier output
  readonly seconds: number; // from the first input to the output under its final name
  readonly measured?: MeasuredSettings | undefined; // undefined where the batch size was given, and in a short job
}

export const STDIN = '-';

/**
 * Runs one command from its inputs to its output: takes the output, prepares the model, streams every input through it. The
 * output stands under its final name only when all of it is there; what a job that fails leaves can be gone on with.
 *
 * @throws HalonetError when the model, the inputs or the output cannot be used
 */
export async function runJob(options: JobOptions): Promise<JobSummary> {
  const destination = await openDestination(options.output);
  try {
    return await runTo(destination, options);
  } finally {
    await destination.release().catch(() => {}); // a lock of a process that has ended holds nobody up
  }
}

async function runTo(destination: Destination, options: JobOptions): Promise<JobSummary> {
  const { suspects, kept } = destination;
  const { ready, started } = await begin(destination, options).catch((error) => {
    if (options.signal?.aborted) options.onLeave?.(kept);
    throw error;
  });
  if (!('sink' in started)) return nothingLeft(started);
  if (suspects.length > 0) options.onNote?.(suspicion(suspects));
  return work(options, { ...ready, started, suspects: new Set(suspects) });
}

async function begin(destination: Destination, options: JobOptions) {
  const { onNote = () => {}, signal } = options;
  const inputs = peekable(walk(options.inputs, signal, options));
  const ready = await readyModel(options, inputs, true);
  const started = await destination.start({
    ...{ layout: ready.layout, onNote, signal },
    ...againWhere(options, inputs.items),
    fingerprint: () => jobFingerprint(options, ready),
  });
  return { ready, started };
}

/** The inputs, and how to take them a second time, which --sync may: a list is then held in memory. */
function againWhere({ inputs, output, signal }: JobOptions, items: AsyncGenerator<InputItem>) {
  if (!inputs.includes(STDIN)) return { items, walkAgain: () => walk(inputs, signal) };
  if (output.mode !== 'sync') return { items, walkAgain: () => items };
  const list = remembered(items);
  return { items: list.items, walkAgain: list.again };
}

function suspicion(suspects: readonly string[]): string {
  const names = suspects.map((path) => JSON.stringify(path)).join(', ');
  return `${names} ${suspects.length === 1 ? 'was' : 'were'} being decoded when the last run died: to be safe, in a process apart now`;
}

/** A job whose model is prepared. */
export interface ReadyModel {
  readonly prepared: Prepared;
  readonly choice: DeviceChoice;
  readonly layout: OutputLayout;
}

/**
 * Chooses the device of a job and prepares its model.
 * @param keeps whether what is measured for int8 is kept beside the model
 */
export async function readyModel(
  options: JobOptions,
  inputs: Pick<Peekable<InputItem>, 'peek'>,
  keeps: boolean,
): Promise<ReadyModel> {
  const choice = await chooseDevice(deviceOf(options), options);
  const prepared = await prepare(options.model, options.outputs, options.preprocessing, {
    ...options,
    int8: { ...int8Options(options, inputs), keeps },
    device: choice.device,
  });
  return { prepared, choice, layout: await options.layout(prepared.model) };
}

/** What the output of a job follows from besides its inputs. */
export function jobFingerprint(
  { outputs, invocation }: JobOptions,
  { prepared, choice, layout }: ReadyModel,
): Fingerprint {
  const { halonet: version } = invocation.versions;
  return fingerprintOf({ ...prepared, outputs, layout, version, device: choice.device.name });
}

function nothingLeft({ rows, failures }: Manifest): JobSummary {
  return { rows, failures, done: 0, stored: 0, seconds: 0 };
}

/** A job whose output is open, too. */
interface Ready extends ReadyModel {
  readonly started: Started;
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
    const facts = { model: options.model, modelSha256, device: choice.device.name, stored };
    await sink.commit(runFacts(options.invocation, prepared, facts));
    const seconds = (performance.now() - start) / 1000;
    return { ...sink.counts, done: sink.counts.rows - before, stored, seconds, measured };
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

/** @throws ModelError when the precision is not for the device */
function deviceOf({ device, precision }: JobOptions): DeviceRequest {
  if (precision !== 'int8' || device.name === 'cpu') return device;
  if (device.name === 'auto') return CPU;
  throw new ModelError(`--precision int8 is for the CPU; asked for --device ${device.name}`, {
    hint: 'On a GPU use --precision fp16.',
  });
}

export const SAMPLED_INPUTS = 1024; // of which a model is measured on a few

function int8Options(options: JobOptions, inputs: Pick<Peekable<InputItem>, 'peek'>): PrepareOptions['int8'] {
  const { calibration, precision, threads, signal, onMeasure } = options;
  if (calibration !== undefined && precision !== 'int8') {
    throw new HalonetError('--calibration is for int8 alone', { hint: 'Add --precision int8.' });
  }
  const sampled = calibration === undefined ? inputs : peekable(walk([calibration], signal));
  return {
    ...{ threads, signal, anew: calibration !== undefined },
    images: () => sampled.peek(SAMPLED_INPUTS, SAMPLE),
    ...(onMeasure && { onMeasure }),
  };
}

export function walk(
  inputs: readonly string[],
  signal: AbortSignal | undefined,
  list?: Pick<JobOptions, 'stdin' | 'nul'>,
): AsyncGenerator<InputItem> {
  return walkInputs(inputs, {
    extensions: DECODABLE_EXTENSIONS,
    ...(list !== undefined && inputs.includes(STDIN) && { stdin: list.stdin(), nul: list.nul }),
    ...(signal && { signal }),
  });
}

/**
 * Counts the inputs that a job will see, for a progress display; undefined where they can be read only once.
 */
export async function countInputs(
  inputs: readonly string[],
  signal: AbortSignal,
): Promise<number | undefined> {
  if (inputs.includes(STDIN)) return undefined;
  let count = 0;
  for await (const _ of walk(inputs, signal)) {
    signal.throwIfAborted();
    count++;
  }
  return count;
}
