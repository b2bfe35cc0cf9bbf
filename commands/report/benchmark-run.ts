import type { BenchmarkReport } from '../../src/benchmark/report.js';

/** A benchmark with the facts needed to judge it: plain data, for JSON. */
export interface BenchmarkRun {
  readonly format: typeof RUN_FORMAT;
  readonly date: string; // ISO 8601
  readonly command: string;
  readonly version: string; // of halonet
  readonly quick?: boolean; // short samples; missing in older runs
  readonly machine: MeasuredMachine;
  readonly report: BenchmarkReport;
}

/** Increase this when older runs can no longer be shown. */
export const RUN_FORMAT = 1;

/** The machine that produced the figures. */
export interface MeasuredMachine {
  readonly name: string;
  readonly cpu: string;
  readonly features: readonly string[]; // vector instructions; empty if the system does not report them
  readonly cores: number; // available to this process
  readonly memory: number; // bytes
  readonly system: string;
  readonly node: string;
  readonly onnxruntime: string;
  readonly sharp: string; // and its libvips
}
