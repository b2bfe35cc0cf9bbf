import type { DeviceRequest } from '../devices/choose-device.js';
import type { CheckpointOptions } from '../models/checkpoint.js';
import type { RunPrecision } from '../models/model-source.js';
import type { Host } from '../runtime/devices.js';
import type { Machine } from '../stream/tuning.js';
import type { Step } from './rounds.js';
import type { Cli } from './start-times.js';

/** What to measure. */
export interface BenchmarkOptions extends CheckpointOptions {
  readonly model: string; // as in a job; with random weights, a timm name or a config
  readonly randomWeights: boolean;
  readonly device: DeviceRequest;
  readonly host: Host;
  readonly machine: Machine;
  readonly tried: TriedSettings;
  readonly images: string | undefined; // a folder; undefined: generated JPEGs
  readonly effort: Effort;
  readonly cli: Cli;
  readonly onStep?: (step: Step) => void;
  readonly onNote?: ((note: string) => void) | undefined; // a sentence about what is left out, or why a download waits
}

/** Settings to try one after the other. */
export interface TriedSettings {
  readonly precisions: readonly RunPrecision[] | undefined; // undefined: those that suit the device
  readonly threads: readonly number[] | undefined; // undefined: one, and one per core
  readonly batchSizes: readonly number[] | undefined; // undefined: those that suit the device
}

/** How much is measured. */
export interface Effort {
  readonly repeats: number; // samples per measurement
  readonly sampleSeconds: number; // minimum for one stage
  readonly jobSeconds: number; // approximate, for one job
  readonly extent: 'few' | 'all'; // which matrices and image sizes
}
