import type { DeviceRequest } from '../devices/choose-device.js';
import type { HubSettings } from '../hub/settings.js';
import type { OutputRequest } from '../model/outputs.js';
import type { RunPrecision } from '../models/model-source.js';
import type { PreprocessingOverrides } from '../models/preprocessing.js';
import type { OutputLayout } from '../outputs/layout.js';
import type { RowCounts, RowSink } from '../rows.js';
import type { JobOutput } from '../runs/destination.js';
import type { Host } from '../runtime/devices.js';
import type { PassedOverCounts } from '../sources/passed-over.js';
import type { Source } from '../sources/source.js';
import type { Machine, MeasuredSettings } from '../stream/tuning.js';
import type { OnJobEvent } from './events.js';
import type { FailureLimit } from './failure-limit.js';
import type { JobModel } from './prepare.js';

/** A job: which model, for which images, what is computed of them and where it goes, and on what. */
export interface JobOptions {
  readonly model: ModelOptions;
  readonly images: ImageOptions;
  readonly outputs: FileOutputs | SinkOutputs;
  readonly compute: ComputeOptions;
  readonly invocation: Invocation;
  readonly onEvent?: OnJobEvent | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A job whose rows go to files, or to a stream. */
export interface FileJobOptions extends JobOptions {
  readonly outputs: FileOutputs;
}

export interface ModelOptions {
  readonly name: string; // 'demo', a path or a timm name
  readonly folder?: string | undefined; // where a relative path starts; the working directory when not given
  readonly architecture?: string | undefined; // timm's, in place of a config.json
  readonly hub: HubSettings;
  readonly precision?: RunPrecision | undefined; // the model's own when not given
  readonly calibration?: string | undefined; // images to measure the model for int8 on, in place of the first inputs
}

export interface ImageOptions {
  readonly inputs: readonly string[]; // files, directories, '-' for a list on stdin
  readonly sources?: readonly Source[] | undefined; // what inputs may be; those of the registry when not given
  readonly folder?: string | undefined; // where relative paths of rows start that are retried; as above when not given
  readonly stdin: () => AsyncIterable<Buffer | string>; // called for the input - only
  readonly nul?: boolean | undefined; // only NULs end the paths on stdin
  readonly allowEmpty: boolean; // inputs that lead to no image are no mistake
  readonly counted: boolean; // their number is told beside the work, for which they are walked a second time
  readonly preprocessing: PreprocessingOverrides;
  readonly decodeSeconds: number; // that an image may take
  readonly failureLimit?: FailureLimit | undefined;
}

/** What is computed of each image, and the files that it goes to. */
export interface FileOutputs {
  readonly requests: readonly OutputRequest[];
  readonly layout: (model: JobModel) => OutputLayout | Promise<OutputLayout>;
  readonly destination: JobOutput;
  readonly checksSpace: boolean; // stop early if the disk has no room for all rows
}

/** What is computed of each image, and a sink that takes it as it comes. */
export interface SinkOutputs {
  readonly requests: readonly OutputRequest[];
  readonly sink: RowSink;
}

/** What the network and the decoders run on. */
export interface ComputeOptions {
  readonly device: DeviceRequest;
  readonly host: Host;
  readonly threads: number;
  readonly batchSize?: number | undefined; // images of a run; undefined: found by measurement
  readonly decoders?: number | undefined; // images decoded at once; undefined: found by measurement
  readonly machine: Machine;
}

/** How a job was called. */
export interface Invocation {
  readonly versions: Readonly<Record<'halonet' | 'node', string>>;
  readonly command: readonly string[]; // its name, then its arguments
  readonly folder: string; // the working directory
}

/** What a job did. */
export interface JobSummary extends RowCounts {
  readonly done: number; // rows of this run; the others were there already
  readonly stored: number; // of these, taken over from an earlier output
  readonly seconds: number; // from the first input to the output under its final name
  readonly measured?: MeasuredSettings | undefined; // undefined where the batch size was given, and in a short job
  readonly passedOver: PassedOverCounts; // files in folders
}
