import { HubError, ModelError } from '../../errors.js';
import { encodeOnnx } from '../../formats/onnx/encode.js';
import type { Preprocessing } from '../../images/geometry.js';
import { summarizeGraph } from '../../model/summary.js';
import type { CheckpointOptions } from '../checkpoint.js';
import type { ModelSource } from '../model-source.js';
import { openModel } from '../open-model.js';
import { preprocessingOf } from '../preprocessing.js';
import type { Task } from './pipeline-rate.js';
import { type BenchmarkPrecision, inPrecision } from './precision.js';

/** The network that is measured. */
export interface Subject {
  readonly architecture: string;
  readonly task: Task;
  readonly flops: number; // of one image
  readonly preprocessing: Preprocessing;
  /** An ONNX file of the network in this precision, with the output of the task. */
  readonly onnx: (precision: BenchmarkPrecision) => Uint8Array;
}

/**
 * Opens a model for measuring.
 *
 * @throws HalonetError when it cannot be read, or gives neither classes nor an embedding
 */
export async function openSubject(model: string, options: CheckpointOptions): Promise<Subject> {
  const source = await openModel(model, options).catch((cause: unknown) => {
    if (!(cause instanceof HubError)) throw cause;
    const hint = `Speed hardly depends on the weights: halonet benchmark ${model} --random-weights needs no download.`;
    throw new HubError(cause.message, { hint, cause });
  });
  const task = taskOf(source, model);
  const output = { name: task === 'classify' ? 'probabilities' : 'embedding' };
  const { graph } = source.build([output], {});
  return {
    architecture: source.config.architecture,
    task,
    flops: 2 * summarizeGraph(graph).macs,
    preprocessing: preprocessingOf(source.config.pretrained, true),
    onnx: (precision) => {
      if (source.precision === precision) return encodeOnnx(graph);
      if (source.precision === 'fp32') return encodeOnnx(inPrecision(graph, precision));
      throw new ModelError(`${model} is in half precision: ${precision} cannot be had of it`, {
        hint: 'Measure it with --precisions fp16.',
      });
    },
  };
}

function taskOf({ outputs }: ModelSource, model: string): Task {
  if (outputs.includes('logits') || outputs.includes('probabilities')) return 'classify';
  if (outputs.includes('embedding')) return 'embed';
  throw new ModelError(`${model} has outputs ${outputs.join(', ')}; expected logits or an embedding`, {
    hint: 'Convert it with one of these: halonet convert MODEL -o FILE.onnx --outputs logits',
  });
}
