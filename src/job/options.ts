import type { DeviceRequest } from '../devices/choose-device.js';
import type { FactName } from '../facts.js';
import type { HubSettings } from '../hub/settings.js';
import type { OutputRequest } from '../model/outputs.js';
import type { RunPrecision } from '../models/model-source.js';
import type { PreprocessingOverrides } from '../models/preprocessing.js';
import type { AddedColumns } from '../outputs/csv-line.js';
import type { OutputLayout } from '../outputs/layout.js';
import type { RemoteSettings } from '../remote/settings.js';
import type { RowCounts, RowSink } from '../rows.js';
import type { JobOutput, JobOutputs } from '../runs/destination.js';
import type { Host } from '../runtime/devices.js';
import type { SkippedCounts } from '../sources/skipped-files.js';
import type { SourceCounts } from '../sources/walk-counts.js';
import type { StageSeconds } from '../stream/stage-clock.js';
import type { Machine, MeasuredSettings } from '../stream/tuning.js';
import type { OnJobEvent } from './events.js';
import type { FailureLimit } from './failure-limit.js';
import type { JobModel } from './prepare.js';
import type { ImageWalk } from './walk-images.js';

/** A job: the model, the images, what to compute and where to write it, and the hardware. */
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
  readonly folder?: string | undefined; // base of a relative path; the working directory by default
  readonly architecture?: string | undefined; // timm's name for it, instead of a config.json
  readonly hub: HubSettings;
  readonly precision?: RunPrecision | undefined; // the model's own by default
  readonly calibration?: string | undefined; // images for int8 calibration, instead of the first inputs
}

export interface ImageOptions extends ImageWalk {
  readonly keep?: readonly string[] | 'all' | undefined; // columns of the inputs to carry into the output, unless `columns` tells
  readonly facts?: readonly FactName[] | undefined; // about each image, for the output
  readonly folder?: string | undefined; // base of relative paths in retried rows; the working directory by default
  readonly remote?: RemoteSettings | undefined; // how to reach servers; none by default
  readonly stdin: () => AsyncIterable<Buffer | string>; // called only for the input -
  readonly nul?: boolean | undefined; // only NULs end the paths on stdin
  readonly allowEmpty: boolean; // accept inputs that lead to no image
  readonly counted: boolean; // report their number during the work, from a second walk
  readonly preprocessing: PreprocessingOverrides;
  readonly decodeSeconds: number; // time limit per image
  readonly failureLimit?: FailureLimit | undefined;
}

/** What to compute for each image, and the files to write it to. All outputs get the same rows. */
export interface FileOutputs extends JobOutputs {
  readonly outputs: readonly FileOutput[]; // at least one
  readonly checksSpace: boolean; // stop early if a disk has no room for all rows
}

/** What to compute for each image, and how that becomes the files of one output. */
export interface FileOutput extends JobOutput {
  readonly requests: readonly OutputRequest[];
  readonly layout: (model: JobModel, added: AddedColumns) => OutputLayout | Promise<OutputLayout>;
}

/** What to compute for each image, and a sink for the rows. */
export interface SinkOutputs {
  readonly requests: readonly OutputRequest[];
  readonly sink: RowSink;
}

/** The hardware and settings for the network and the decoders. */
export interface ComputeOptions {
  readonly device: DeviceRequest;
  readonly host: Host;
  readonly threads: number;
  readonly batchSize?: number | undefined; // images; tuned by measurement if undefined
  readonly decoders?: number | undefined; // images decoded at once; tuned by measurement if undefined
  readonly machine: Machine;
}

/** How a job was invoked. */
export interface Invocation {
  readonly versions: Readonly<Record<'halonet' | 'node', string>>;
  readonly command: readonly string[]; // its name, then its arguments
  readonly folder: string; // the working directory
}

/** What a job did. */
export interface JobSummary extends RowCounts {
  readonly done: number; // rows written by this job; the others already existed
  readonly stored: number; // of these, reused from an earlier output
  readonly succeeded: number; // of the others, those with a result
  readonly retries: boolean; // the job computed the failed rows of an output again
  readonly seconds: number; // from the first input to the output under its final name
  readonly measured?: MeasuredSettings | undefined; // undefined if the batch size was given, or the job was short
  readonly stages?: StageSeconds | undefined; // what its run waited for; undefined if nothing was left to do
  readonly skipped: SkippedCounts; // files in folders
  readonly sources: SourceCounts; // of a retry: only what was read and requested, since it walks no inputs
}
