import type { Decode } from '../images/geometry.js';
import type { RunPrecision } from '../models/model-source.js';
import type { DeviceName } from '../runtime/devices.js';
import type { MeasuredSettings } from '../stream/tuning.js';
import type { Spread } from './statistics.js';

/** What a benchmark measured, raw samples included: plain data, for JSON. */
export interface BenchmarkReport {
  readonly model: BenchmarkedModel;
  readonly device: DeviceName; // of sessions
  readonly gemm: readonly GemmRate[];
  readonly session: readonly SessionRate[];
  readonly decode: readonly DecodeRate[];
  readonly pipeline: readonly PipelineRate[];
  readonly start: StartTimes;
}

export interface BenchmarkedModel {
  readonly name: string; // as it was given
  readonly architecture: string;
  readonly randomWeights: boolean;
  readonly height: number; // of its input, pixels
  readonly width: number;
  readonly flops: number; // of one image: two for each multiply-accumulate
}

/** Large matrix products through ONNX Runtime. */
export interface GemmRate {
  readonly precision: RunPrecision;
  readonly threads: number;
  readonly shape: readonly [m: number, k: number, n: number];
  readonly flopsPerSecond: Spread;
}

/** The network without decoding: pixels are there. */
export interface SessionRate {
  readonly precision: RunPrecision;
  readonly threads: number;
  readonly batchSize: number;
  readonly imagesPerSecond: Spread;
  readonly flopsPerSecond: number; // at the median
  readonly ofGemm: number; // part of the best fp32 GEMM rate at this number of threads
}

/** Some image files. */
export interface Photos {
  readonly name: string; // 640×480, or the folder
  readonly bytes: number; // of a file, on average
}

/** Files to pixels of the network's size, without the network. */
export interface DecodeRate {
  readonly photos: Photos;
  readonly decode: Decode;
  readonly decoders: number; // images at once
  readonly imagesPerSecond: Spread;
  readonly cpuSeconds: Spread; // of an image, on all threads
}

/** A whole job: files in, rows out. */
export interface PipelineRate {
  readonly photos: Photos;
  readonly decode: Decode;
  readonly precision: RunPrecision;
  readonly threads: number;
  readonly found: MeasuredSettings | undefined; // the job's own choice; undefined where it was too short for one
  readonly images: number; // of one sample
  readonly imagesPerSecond: Spread;
  readonly bound: Bound;
}

/** What holds a pipeline back. */
export interface Bound {
  readonly session: number; // images/s of the session alone, at this precision and number of threads and its best batch size
  readonly decode: number; // images/s of decoding alone, with as many decoders as a job can have
  readonly limit: number; // images/s if the stages shared the cores without loss
  readonly inference: number; // part of the time of one image that is inference, 0..1
  readonly stage: 'inference' | 'decoding' | 'neither';
}

export interface StartTimes {
  readonly help: Spread; // seconds to the end of `--help`
  readonly firstResult: Spread; // seconds to the first row of one image
}
