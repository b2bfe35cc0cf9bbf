import type { DeviceRequest } from '../devices/choose-device.js';
import type { CheckpointOptions } from '../models/checkpoint.js';
import type { RunPrecision } from '../models/model-source.js';
import type { Host } from '../runtime/devices.js';
import type { Machine } from '../stream/tuning.js';
import type { Step } from './rounds.js';
import type { Cli } from './start-times.js';

/** What to measure. */
export interface BenchmarkOptions extends CheckpointOptions {
  readonly model: string; // as in a job; with random weights a timm name or a config
  readonly randomWeights: boolean;
  readonly device: DeviceRequest;
  readonly host: Host;
  readonly machine: Machine;
  readonly tried: TriedSettings;
  readonly images: string | undefined; // a folder; undefined: generated JPEGs
  readonly effort: Effort;
  readonly cli: Cli;
  readonly onStep?: (step: Step) => void;
  readonly onNote?: ((note: string) => void) | undefined; // a sentence on what is left out, or why a download waits
}

/** Settings that are tried one after the other. */
export interface TriedSettings {
  readonly precisions: readonly RunPrecision[] | undefined; // undefined: those that the device is for
  readonly threads: readonly number[] | undefined; // undefined: one, and one for each core
  readonly batchSizes: readonly number[] | undefined; // undefined: as the device likes them
}

/** How much is measured. */
export interface Effort {
  readonly repeats: number; // samples of everything
  readonly sampleSeconds: number; // of one stage, at least
  readonly jobSeconds: number; // of one job, about
  readonly extent: 'few' | 'all'; // of matrices and image sizes
}
