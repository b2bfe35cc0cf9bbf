import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { HalonetError } from '../../errors.js';
import { openClassifySink, openEmbedSink } from '../../outputs/index.js';
import { elementCount } from '../../tensor.js';
import type { CheckpointOptions } from '../checkpoint.js';
import { type JobOptions, runJob } from '../job.js';
import { labelsOf } from '../labels.js';
import type { PhotoSet } from './photo-sets.js';
import type { BenchmarkPrecision } from './precision.js';
import type { Measurement } from './rounds.js';

/** What a benchmark computes: the classes, or the embedding of a network without any. */
export type Task = 'classify' | 'embed';

export interface PipelineCase {
  readonly model: string;
  readonly task: Task;
  readonly checkpoint: CheckpointOptions;
  readonly set: PhotoSet;
  readonly precision: BenchmarkPrecision;
  readonly batchSize: number;
  readonly threads: number;
  readonly images: number; // of a sample
  readonly folder: string; // for the output
}

/**
 * Images per second of a whole job, as its command runs it, from the first input to the output under its name. The start
 * is not in it.
 */
export function pipelineRate(options: PipelineCase): Measurement {
  const { set, precision, images } = options;
  return {
    label: `${images} images ${set.photos.name} through the pipeline, ${precision}`,
    sample: async () => {
      const { seconds, failures } = await runJob(jobOf(options));
      const [code] = Object.keys(failures);
      if (code === undefined) return images / seconds;
      throw new HalonetError(`an image of ${set.photos.name} could not be read (${code})`);
    },
  };
}

function jobOf(options: PipelineCase): JobOptions {
  const { model, task, checkpoint, set, batchSize, threads, images, folder } = options;
  const target = { overwrite: true, stdout: new PassThrough() };
  const paths = Array.from({ length: images }, (_, i) => set.paths[i % set.paths.length] ?? '');
  const { hub, architecture, signal } = checkpoint;
  return {
    ...{ hub, architecture, ...(signal && { signal }) },
    ...{ model, batchSize, threads },
    inputs: paths,
    stdin: () => new PassThrough(),
    outputs: [{ name: task === 'classify' ? 'probabilities' : 'embedding' }],
    preprocessing: { autoOrient: true },
    checkOutput: async () => {},
    openSink: async ({ config, shapeOf }) =>
      task === 'classify'
        ? openClassifySink({
            ...{ ...target, output: join(folder, 'classes.csv'), format: 'csv', scores: 'probabilities' },
            labels: await labelsOf(config, 'index', undefined),
          })
        : openEmbedSink({
            ...{ ...target, output: join(folder, 'embeddings.npy'), format: 'npy', dtype: 'float32' },
            features: elementCount(shapeOf('embedding')),
          }),
  };
}
