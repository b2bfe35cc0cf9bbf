import type { Decode } from '../images/geometry.js';
import type { RunPrecision } from '../models/model-source.js';
import type { DeviceName } from '../runtime/devices.js';
import type { MeasuredSettings } from '../stream/tuning.js';
import type { Spread } from './statistics.js';

/** The results of a benchmark, raw samples included: plain data, for JSON. */
export interface BenchmarkReport {
  readonly model: BenchmarkedModel;
  readonly device: DeviceName; // of the sessions
  readonly gemm: readonly GemmRate[];
  readonly session: readonly SessionRate[];
  readonly decode: readonly DecodeRate[];
  readonly pipeline: readonly PipelineRate[];
  readonly start: StartTimes;
}

export interface BenchmarkedModel {
  readonly name: string; // as given
  readonly architecture: string;
  readonly randomWeights: boolean;
  readonly height: number; // of its input, pixels
  readonly width: number;
  readonly flops: number; // per image; a multiply-accumulate counts as two
}

/** Large matrix products through ONNX Runtime. */
export interface GemmRate {
  readonly precision: RunPrecision;
  readonly threads: number;
  readonly shape: readonly [m: number, k: number, n: number];
  readonly flopsPerSecond: Spread;
}

/** The network without decoding, on pixels in memory. */
export interface SessionRate {
  readonly precision: RunPrecision;
  readonly threads: number;
  readonly batchSize: number;
  readonly imagesPerSecond: Spread;
  readonly flopsPerSecond: number; // at the median
  readonly ofGemm: number; // fraction of the best fp32 GEMM rate at this number of threads
}

/** A set of image files. */
export interface Photos {
  readonly name: string; // 640×480, or the folder
  readonly bytes: number; // per file, on average
}

/** Decoding from files to pixels of the network's size, without the network. */
export interface DecodeRate {
  readonly photos: Photos;
  readonly decode: Decode;
  readonly decoders: number; // concurrent images
  readonly imagesPerSecond: Spread;
  readonly cpuSeconds: Spread; // per image, over all threads
}

/** A whole job, from files to rows. */
export interface PipelineRate {
  readonly photos: Photos;
  readonly decode: Decode;
  readonly precision: RunPrecision;
  readonly threads: number;
  readonly found: MeasuredSettings | undefined; // the job's own choice; undefined if it was too short to make one
  readonly images: number; // per sample
  readonly imagesPerSecond: Spread;
  readonly bound: Bound;
}

/** What limits a pipeline. */
export interface Bound {
  readonly session: number; // images/s of the session alone, at this precision and number of threads and its best batch size
  readonly decode: number; // images/s of decoding alone, with the most decoders that a job can use
  readonly limit: number; // images/s if the stages shared the cores without loss
  readonly inference: number; // fraction of the time per image that is inference, 0..1
  readonly stage: 'inference' | 'decoding' | 'neither';
}

export interface StartTimes {
  readonly help: Spread; // seconds to the end of `--help`
  readonly firstResult: Spread; // seconds to the first row of one image
}
