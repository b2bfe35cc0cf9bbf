import type { DeviceRequest } from '../devices/choose-device.js';
import type { OpenedSession } from '../devices/open-session.js';
import type { HubProgress } from '../hub/hub.js';
import type { HubSettings } from '../hub/settings.js';
import type { OutputRequest } from '../model/outputs.js';
import type { CalibratedModel } from '../models/int8/int8.js';
import type { RunPrecision } from '../models/model-source.js';
import type { PreprocessingOverrides } from '../models/preprocessing.js';
import type { OutputLayout } from '../outputs/layout.js';
import type { RowCounts } from '../rows.js';
import type { JobOutput } from '../runs/destination.js';
import type { Host } from '../runtime/devices.js';
import type { PassedOverCounts } from '../sources/passed-over.js';
import type { Source } from '../sources/source.js';
import type { MeasuredSettings, TuningOptions } from '../stream/tuning.js';
import type { FailureLimit } from './failure-limit.js';
import type { JobModel } from './prepare.js';
import type { Invocation } from './run-facts.js';

export interface JobOptions extends TuningOptions {
  readonly model: string; // 'demo', a path or a timm name
  readonly architecture?: string | undefined; // timm's, in place of a config.json
  readonly hub: HubSettings;
  readonly inputs: readonly string[]; // files, directories, '-' for a list on stdin
  readonly sources?: readonly Source[] | undefined; // what inputs may be; those of the registry when not given
  readonly allowEmpty: boolean; // inputs that lead to no image are no mistake
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
  readonly passedOver: PassedOverCounts; // files in folders
}
