import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { HalonetError } from '../errors.js';
import type { Decode } from '../images/geometry.js';
import type { JobEvent } from '../job/events.js';
import { runJob } from '../job/job.js';
import type { JobOptions } from '../job/options.js';
import { labelsOf } from '../models/labels.js';
import { DECODE_SECONDS } from '../models/preprocessing.js';
import { FORMATS } from '../outputs/formats/registry.js';
import { classifyLayout, embedLayout } from '../outputs/index.js';
import type { MeasuredSettings } from '../stream/tuning.js';
import type { PhotoSet } from './photo-sets.js';
import type { BenchmarkPlan } from './plan.js';
import type { Measurement } from './rounds.js';
import { steadyRate } from './steady-rate.js';
import { DEFAULT_IMAGE_OPTIONS, outputOf, type Task, type Variant } from './subject.js';

export interface JobCase {
  readonly task: Task;
  readonly set: PhotoSet;
  readonly decode: Decode;
  readonly images: number; // per sample
}

/** Whole jobs to measure, and the settings that the last of them found for itself. */
export interface PipelineMeasurement {
  readonly measurement: Measurement;
  readonly found: () => MeasuredSettings | undefined;
}

/** Measures images per second of a whole job once it is running, with the command's defaults. */
export function pipelineRate(variant: Variant, job: JobCase, plan: BenchmarkPlan): PipelineMeasurement {
  const { set, decode, images } = job;
  let found: MeasuredSettings | undefined;
  const sample = async () => {
    const times: number[] = [];
    const onEvent = ({ kind }: JobEvent) => {
      if (kind === 'row') times.push(performance.now() / 1000);
    };
    const { failures, measured } = await runJob({ ...jobOptions(variant, job, plan), onEvent });
    const [code] = Object.keys(failures);
    if (code !== undefined)
      throw new HalonetError(`an image of ${set.photos.name} could not be read (${code})`);
    found = measured;
    return steadyRate(times);
  };
  const label = `${images} images ${set.photos.name}, ${variant.precision}, decoding ${decode}`;
  return { measurement: { label, sample }, found: () => found };
}

function jobOptions({ model, precision }: Variant, job: JobCase, plan: BenchmarkPlan): JobOptions {
  const { task, set, decode, images } = job;
  const { hub, architecture, signal, device, host, machine, maxThreads: threads, folder } = plan;
  const format = task === 'classify' ? FORMATS.csv : FORMATS.npy;
  return {
    model: { name: model, architecture, hub, precision },
    images: {
      inputs: Array.from({ length: images }, (_, i) => set.paths[i % set.paths.length] ?? ''),
      stdin: () => new PassThrough(),
      allowEmpty: false,
      counted: false,
      preprocessing: { ...DEFAULT_IMAGE_OPTIONS, decode },
      decodeSeconds: DECODE_SECONDS,
    },
    outputs: {
      outputs: [
        {
          command: task,
          output: join(folder, `results.${format.name}`),
          arrangement: format[task].arrangement,
          requests: [outputOf(task)],
          layout: async ({ config, shapeOf }) =>
            task === 'classify'
              ? classifyLayout({
                  format,
                  scores: 'probabilities',
                  labels: await labelsOf(config, 'index', undefined),
                })
              : embedLayout({ format, dtype: 'float32', shape: shapeOf('embedding') }),
        },
      ],
      mode: 'overwrite',
      stdout: new PassThrough(),
      checkpointSeconds: 5,
      checksSpace: false,
    },
    compute: { device, host, threads, machine },
    invocation: { versions: { halonet: 'benchmark', node: 'benchmark' }, command: [], folder },
    signal,
  };
}
