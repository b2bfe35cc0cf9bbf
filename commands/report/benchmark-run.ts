import type { BenchmarkReport } from '../../src/benchmark/report.js';

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

/** What figures were measured on. */
export interface MeasuredMachine {
  readonly name: string;
  readonly cpu: string;
  readonly features: readonly string[]; // vector instructions; none where the system does not tell
  readonly cores: number; // that this process may use
  readonly memory: number; // bytes
  readonly system: string;
  readonly node: string;
  readonly onnxruntime: string;
  readonly sharp: string; // and the libvips in it
}
