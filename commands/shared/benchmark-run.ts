import type { BenchmarkReport } from '../../src/pipeline/benchmark/report.js';
import type { MeasuredMachine } from './measured-machine.js';

/** A benchmark with what it takes to judge it: plain data, for JSON. */
export interface BenchmarkRun {
  readonly format: typeof RUN_FORMAT;
  readonly date: string; // ISO 8601
  readonly command: string;
  readonly version: string; // of halonet
  readonly quick?: boolean; // short samples; runs of before do not say
  readonly machine: MeasuredMachine;
  readonly report: BenchmarkReport;
}

/** Goes up when runs of before can no longer be shown. */
export const RUN_FORMAT = 1;
