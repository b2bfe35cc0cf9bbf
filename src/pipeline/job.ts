import { HalonetError, type ImageFailure } from '../errors.js';
import { encodeOnnx } from '../formats/onnx/encode.js';
import type { HubProgress } from '../hub/hub.js';
import type { HubSettings } from '../hub/settings.js';
import { decodeImage } from '../images/decode.js';
import { DECODABLE_EXTENSIONS } from '../images/extensions.js';
import type { Preprocessing } from '../images/geometry.js';
import { walkInputs } from '../inputs/walk.js';
import { buildModel } from '../model/build.js';
import type { ModelConfig } from '../model/config/parse.js';
import type { OutputRequest } from '../model/outputs.js';
import { roundHalfEven } from '../rounding.js';
import type { Row, RowSink } from '../rows.js';
import { Session } from '../runtime/session.js';
import { loadCheckpoint } from './checkpoint.js';
import { run } from './run.js';

/** What differs from the checkpoint's own evaluation settings. */
export interface PreprocessingOverrides {
  readonly imageSize?: { readonly height: number; readonly width: number } | undefined;
  readonly cropPct?: number | undefined;
  readonly cropMode?: Preprocessing['cropMode'] | undefined;
  readonly interpolation?: Preprocessing['interpolation'] | undefined;
  readonly mean?: readonly [number, number, number] | undefined;
  readonly std?: readonly [number, number, number] | undefined;
  readonly autoOrient: boolean;
}

/** The model of a job once it is built. */
export interface JobModel {
  readonly config: ModelConfig;
  readonly shapeOf: (output: string) => readonly number[]; // of one image
}

export interface JobOptions {
  readonly model: string; // 'demo', a path or a timm name
  readonly architecture?: string | undefined; // timm's, in place of a config.json
  readonly hub: HubSettings;
  readonly inputs: readonly string[]; // files, directories, '-' for a list on stdin
  readonly stdin: () => AsyncIterable<Buffer | string>; // called for the input - only
  readonly outputs: readonly OutputRequest[];
  readonly preprocessing: PreprocessingOverrides;
  readonly batchSize: number;
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
}

const STDIN = '-';
const MAX_PIXELS = 268_402_689; // sharp's own limit: 0x3FFF squared

/**
 * Runs one command from its inputs to its output: loads the checkpoint, builds the graph, opens the sink, streams every
 * input through it. The output stands under its final name only when all of it is there.
 *
 * @throws HalonetError when the model, the inputs or the output cannot be used; nothing is left behind
 */
export async function runJob(options: JobOptions): Promise<JobSummary> {
  await options.checkOutput();
  const prepared = await prepare(options);
  const sink = await options.openSink(prepared.model);
  const failures: Partial<Record<ImageFailure['code'], number>> = {};
  let images = 0;
  const start = performance.now();
  const count = (row: Row) => {
    images++;
    if (row.status === 'failed') failures[row.failure.code] = (failures[row.failure.code] ?? 0) + 1;
    options.onRow?.(row.status === 'failed');
  };
  try {
    await stream(options, prepared, sink, count);
    await sink.commit();
  } catch (error) {
    await sink.abort().catch(() => {}); // what went wrong first is what matters
    throw options.signal?.aborted ? options.signal.reason : error;
  }
  return { images, failures, seconds: (performance.now() - start) / 1000 };
}

/** Takes every input through the model to the sink. */
async function stream(
  options: JobOptions,
  { onnx, preprocessing }: Prepared,
  sink: RowSink,
  onRow: (row: Row) => void,
): Promise<void> {
  const { inputs, signal, threads, batchSize } = options;
  const session = await Session.open(onnx, threads);
  try {
    options.onStart?.();
    const stdin = inputs.includes(STDIN) ? options.stdin() : undefined;
    const walk = { extensions: DECODABLE_EXTENSIONS, ...(stdin && { stdin }), ...(signal && { signal }) };
    await run({
      ...{ items: walkInputs(inputs, walk), session, sink, batchSize, signal, onRow },
      ...{ height: preprocessing.height, width: preprocessing.width },
      decode: (path) => decodeImage(path, preprocessing),
      concurrency: threads + 1, // one more than are computed, to hide file reads
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

interface Prepared {
  readonly onnx: Uint8Array;
  readonly model: JobModel;
  readonly preprocessing: Preprocessing;
}

/** Reads the checkpoint and builds its graph; the tensors are let go on return. */
async function prepare(options: JobOptions): Promise<Prepared> {
  const { onDownload, signal } = options;
  const checkpoint = await loadCheckpoint(options.model, {
    hub: options.hub,
    architecture: options.architecture,
    ...(onDownload && { onDownload }),
    signal,
  });
  const { config } = checkpoint;
  const { mean = config.pretrained.mean, std = config.pretrained.std } = options.preprocessing;
  const preprocessing = preprocessingOf(config, options.preprocessing);
  const { height, width } = preprocessing;
  const built = buildModel(
    { network: config, height, width, mean, std, outputs: options.outputs },
    checkpoint.tensors,
    checkpoint.weightsPath,
  );
  const shapeOf = (output: string) => {
    const shape = built.shapes[output];
    if (shape === undefined) throw new HalonetError(`the model was built without its output ${output}`);
    return shape;
  };
  const model: JobModel = { config, shapeOf };
  return { onnx: encodeOnnx(built.graph), model, preprocessing };
}

function preprocessingOf({ pretrained }: ModelConfig, overrides: PreprocessingOverrides): Preprocessing {
  const { height, width } = overrides.imageSize ?? pretrained;
  const [r, g, b] = overrides.mean ?? pretrained.mean;
  return {
    height,
    width,
    cropPct: overrides.cropPct ?? pretrained.cropPct,
    cropMode: overrides.cropMode ?? pretrained.cropMode,
    interpolation: overrides.interpolation ?? pretrained.interpolation,
    fill: [roundHalfEven(255 * r), roundHalfEven(255 * g), roundHalfEven(255 * b)],
    autoOrient: overrides.autoOrient,
    maxPixels: MAX_PIXELS,
  };
}
