import type { ImageFailure } from '../errors.js';
import type { HubProgress } from '../hub/hub.js';
import type { HubSettings } from '../hub/settings.js';
import { decodeImage } from '../images/decode.js';
import { DECODABLE_EXTENSIONS } from '../images/extensions.js';
import { walkInputs } from '../inputs/walk.js';
import type { OutputRequest } from '../model/outputs.js';
import type { Row, RowSink } from '../rows.js';
import { Session } from '../runtime/session.js';
import { type JobModel, type Prepared, prepare } from './prepare.js';
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
  readonly checkOutput: () => Promise<void>; // throws before any work when the output cannot be written
  readonly openSink: (model: JobModel) => Promise<RowSink>;
  readonly onDownload?: (progress: HubProgress) => void;
  readonly onStart?: () => void; // the model is loaded, images follow
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
  const prepared = await prepare(options.model, options.outputs, options.preprocessing, options);
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
    measured = await stream(options, prepared, sink, count);
    await sink.commit();
  } catch (error) {
    await sink.abort().catch(() => {}); // what went wrong first is what matters
    throw options.signal?.aborted ? options.signal.reason : error;
  }
  return { images, failures, seconds: (performance.now() - start) / 1000, measured };
}

/** Takes every input through the model to the sink. */
async function stream(
  options: JobOptions,
  { onnx, preprocessing }: Prepared,
  sink: RowSink,
  onRow: (row: Row) => void,
): Promise<MeasuredSettings | undefined> {
  const { inputs, signal, threads, batchSize, decoders, machine, onNote } = options;
  const session = await Session.open(onnx, threads);
  try {
    options.onStart?.();
    const stdin = inputs.includes(STDIN) ? options.stdin() : undefined;
    const walk = { extensions: DECODABLE_EXTENSIONS, ...(stdin && { stdin }), ...(signal && { signal }) };
    return await run({
      ...{ items: walkInputs(inputs, walk), session, sink, signal, onRow },
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
  for await (const _ of walkInputs(inputs, { extensions: DECODABLE_EXTENSIONS, signal })) {
    signal.throwIfAborted();
    count++;
  }
  return count;
}
