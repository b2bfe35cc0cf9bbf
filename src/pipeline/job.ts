import { HalonetError, type ImageFailure, ModelError } from '../errors.js';
import type { HubProgress } from '../hub/hub.js';
import type { HubSettings } from '../hub/settings.js';
import { decodeImage } from '../images/decode.js';
import { DECODABLE_EXTENSIONS } from '../images/extensions.js';
import { type InputItem, walkInputs } from '../inputs/walk.js';
import type { OutputRequest } from '../model/outputs.js';
import type { Row, RowSink } from '../rows.js';
import { CPU, type Host } from '../runtime/devices.js';
import { SAMPLE } from './calibrate.js';
import { chooseDevice, type DeviceChoice, type DeviceRequest } from './choose-device.js';
import type { CalibratedModel } from './int8.js';
import type { RunPrecision } from './model-source.js';
import { type OpenedSession, openSession } from './open-session.js';
import { type Peekable, peekable } from './peek.js';
import { type JobModel, type Prepared, type PrepareOptions, prepare } from './prepare.js';
import type { PreprocessingOverrides } from './preprocessing.js';
import { run } from './run.js';
import type { MeasuredSettings, TuningOptions } from './tuning.js';

export interface JobOptions extends TuningOptions {
  readonly model: string; // 'demo', a path or a timm name
  readonly architecture?: string | undefined; // timm's, in place of a config.json
  readonly hub: HubSettings;
  readonly inputs: readonly string[]; // files, directories, '-' for a list on stdin
  readonly stdin: () => AsyncIterable<Buffer | string>; // called for the input - only
  readonly outputs: readonly OutputRequest[];
  readonly preprocessing: PreprocessingOverrides;
  readonly threads: number;
  readonly device: DeviceRequest;
  readonly host: Host;
  readonly precision?: RunPrecision | undefined; // the model's own when not given
  readonly calibration?: string | undefined; // images to measure a model for int8 on, in place of the first inputs
  readonly checkOutput: () => Promise<void>; // throws before any work when the output cannot be written
  readonly openSink: (model: JobModel) => Promise<RowSink>;
  readonly onDownload?: (progress: HubProgress) => void;
  readonly onMeasure?: () => void; // a model is measured for int8, which takes a while
  readonly onCalibrated?: (model: CalibratedModel) => void;
  readonly onStart?: (opened: OpenedSession) => void; // the model is loaded, images follow
  readonly onRow?: (failed: boolean) => void;
  readonly signal?: AbortSignal;
}

/** What a job did. */
export interface JobSummary {
  readonly images: number;
  readonly failures: Readonly<Partial<Record<ImageFailure['code'], number>>>;
  readonly seconds: number; // from the first input to the output under its final name
  readonly measured?: MeasuredSettings | undefined; // undefined where the batch size was given, and in a short job
}

const STDIN = '-';

/**
 * Runs one command from its inputs to its output: prepares the model, opens the sink, streams every input through it. The output stands under its final name only when all of it is there.
 *
 * @throws HalonetError when the model, the inputs or the output cannot be used; nothing is left behind
 */
export async function runJob(options: JobOptions): Promise<JobSummary> {
  await options.checkOutput();
  const choice = await chooseDevice(deviceOf(options), options);
  const inputs = peekable(walk(options.inputs, options.signal, options.stdin));
  const prepared = await prepare(options.model, options.outputs, options.preprocessing, {
    ...options,
    int8: int8Options(options, inputs),
    device: choice.device,
  });
  const sink = await options.openSink(prepared.model);
  const failures: Partial<Record<ImageFailure['code'], number>> = {};
  let images = 0;
  const start = performance.now();
  const count = (row: Row) => {
    images++;
    if (row.status === 'failed') failures[row.failure.code] = (failures[row.failure.code] ?? 0) + 1;
    options.onRow?.(row.status === 'failed');
  };
  let measured: MeasuredSettings | undefined;
  try {
    measured = await stream(options, prepared, choice, inputs.items, sink, count);
    await sink.commit();
  } catch (error) {
    await sink.abort().catch(() => {}); // what went wrong first is what matters
    throw options.signal?.aborted ? options.signal.reason : error;
  }
  return { images, failures, seconds: (performance.now() - start) / 1000, measured };
}

/** @throws ModelError when the precision is not for the device */
function deviceOf({ device, precision }: JobOptions): DeviceRequest {
  if (precision !== 'int8' || device.name === 'cpu') return device;
  if (device.name === 'auto') return CPU;
  throw new ModelError(`--precision int8 is for the CPU; asked for --device ${device.name}`, {
    hint: 'On a GPU use --precision fp16.',
  });
}

const SAMPLED_INPUTS = 1024; // of which a model is measured on a few

function int8Options(options: JobOptions, inputs: Peekable<InputItem>): PrepareOptions['int8'] {
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

function walk(
  inputs: readonly string[],
  signal: AbortSignal | undefined,
  stdin?: JobOptions['stdin'],
): AsyncGenerator<InputItem> {
  return walkInputs(inputs, {
    extensions: DECODABLE_EXTENSIONS,
    ...(stdin !== undefined && inputs.includes(STDIN) && { stdin: stdin() }),
    ...(signal && { signal }),
  });
}

/** Takes every input through the model to the sink. */
async function stream(
  options: JobOptions,
  { onnx, preprocessing }: Prepared,
  choice: DeviceChoice,
  items: AsyncIterable<InputItem>,
  sink: RowSink,
  onRow: (row: Row) => void,
): Promise<MeasuredSettings | undefined> {
  const { signal, threads, batchSize, decoders, machine, onNote } = options;
  const opened = await openSession(onnx, choice, threads, signal);
  const { session } = opened;
  try {
    options.onStart?.(opened);
    return await run({
      ...{ items, session, sink, signal, onRow },
      ...{ batchSize, decoders, machine, onNote },
      ...{ height: preprocessing.height, width: preprocessing.width },
      decode: (path) => decodeImage(path, preprocessing),
    });
  } finally {
    await session.close();
  }
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
