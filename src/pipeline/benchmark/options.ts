import type { CheckpointOptions } from '../checkpoint.js';
import type { BenchmarkPrecision } from './precision.js';
import type { Step } from './rounds.js';
import type { Cli } from './start-times.js';

/** What to measure. */
export interface BenchmarkOptions extends CheckpointOptions {
  readonly model: string; // as in a job; with random weights a timm name or a config
  readonly randomWeights: boolean;
  readonly precisions: readonly BenchmarkPrecision[];
  readonly threads: readonly number[];
  readonly batchSizes: readonly number[];
  readonly images: string | undefined; // a folder; undefined: generated JPEGs
  readonly effort: Effort;
  readonly cli: Cli;
  readonly onStep?: (step: Step) => void;
}

/** How much is measured. */
export interface Effort {
  readonly repeats: number; // samples of each stage
  readonly jobRepeats: number; // samples of each job and start
  readonly sampleSeconds: number; // of one stage, at least
  readonly jobSeconds: number; // of one job, about
  readonly extent: 'few' | 'all'; // of matrices and image sizes
}
