import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { HubError, ModelError } from '../errors.js';
import { FileItem } from '../file-item.js';
import type { Preprocessing } from '../images/geometry.js';
import { prepare } from '../job/prepare.js';
import { summarizeGraph } from '../model/summary.js';
import type { CheckpointOptions } from '../models/checkpoint.js';
import { NoCheckpointError } from '../models/locate.js';
import type { ModelSource, Precision, RunPrecision } from '../models/model-source.js';
import { openModel } from '../models/open-model.js';
import { DECODE_SECONDS, preprocessingOf } from '../models/preprocessing.js';
import { linkedModel } from './linked-model.js';
import type { PhotoSet } from './photo-sets.js';
import type { BenchmarkPlan } from './plan.js';

/** What a benchmark computes: the classes, or the embedding if the network has none. */
export type Task = 'classify' | 'embed';

/** The network to measure. */
export interface Subject {
  readonly model: string;
  readonly architecture: string;
  readonly precision: Precision; // of its weights
  readonly task: Task;
  readonly flops: number; // of one image
  readonly preprocessing: Preprocessing;
}

/** How a benchmark prepares images by default. */
export const DEFAULT_IMAGE_OPTIONS = { autoOrient: true, decode: 'exact' } as const;

/**
 * Opens a model for measuring.
 *
 * @throws HalonetError if it cannot be read, or has neither classes nor an embedding
 */
export async function openSubject(model: string, options: CheckpointOptions): Promise<Subject> {
  const source = await openModel(model, options).catch((cause: unknown) => {
    if (cause instanceof NoCheckpointError) {
      const hint = `${cause.hint} To measure on your own images: halonet benchmark --images ${model}`;
      throw new ModelError(cause.message, { hint, cause });
    }
    if (!(cause instanceof HubError)) throw cause;
    const hint = `Speed hardly depends on the weights, and random ones need no download: halonet benchmark ${model} --random-weights`;
    throw new HubError(cause.message, { hint, cause });
  });
  const task = taskOf(source, model);
  const { graph } = source.build([outputOf(task)], {});
  return {
    model,
    task,
    architecture: source.config.architecture,
    precision: source.precision,
    flops: 2 * summarizeGraph(graph).macs,
    preprocessing: preprocessingOf(source.config.pretrained, DEFAULT_IMAGE_OPTIONS),
  };
}

/** Returns the output to compute for a task. */
export const outputOf = (task: Task) => ({ name: task === 'classify' ? 'probabilities' : 'embedding' });

function taskOf({ outputs }: ModelSource, model: string): Task {
  if (outputs.includes('logits') || outputs.includes('probabilities')) return 'classify';
  if (outputs.includes('embedding')) return 'embed';
  throw new ModelError(`${model} has outputs ${outputs.join(', ')}; expected logits or an embedding`, {
    hint: 'Convert it with one of these: halonet convert MODEL --outputs logits --output FILE.onnx',
  });
}

/** The model in one precision: the options for jobs, and an ONNX file of it. */
export interface Variant {
  readonly model: string;
  readonly precision: RunPrecision;
  /** Computed at each call: a session takes ownership of the bytes. */
  readonly onnx: () => Promise<Uint8Array>;
}

/**
 * Returns the model in each precision of the plan. For int8, calibrates it on the photos.
 *
 * @throws HalonetError if it cannot run in a precision
 */
export async function variantsOf(
  subject: Subject,
  set: PhotoSet,
  plan: BenchmarkPlan,
): Promise<readonly Variant[]> {
  const variants: Variant[] = [];
  for (const precision of plan.precisions) {
    const model = precision === 'int8' ? await modelForInt8(subject.model, plan) : subject.model;
    variants.push({ model, precision, onnx: () => onnxOf(model, precision, subject, set, plan) });
  }
  return variants;
}

async function modelForInt8(model: string, plan: BenchmarkPlan): Promise<string> {
  const folder = join(plan.folder, 'int8');
  await mkdir(folder);
  return linkedModel(model, folder, plan);
}

async function onnxOf(
  model: string,
  precision: RunPrecision,
  { task }: Subject,
  { paths }: PhotoSet,
  plan: BenchmarkPlan,
): Promise<Uint8Array> {
  const { hub, architecture, signal, device, maxThreads: threads } = plan;
  const images = async () => paths.map((path) => new FileItem(path));
  const { onnx } = await prepare(model, [outputOf(task)], DEFAULT_IMAGE_OPTIONS, {
    hub,
    architecture,
    signal,
    device,
    precision,
    int8: { threads, signal, fresh: false, images },
    decodeSeconds: DECODE_SECONDS,
  });
  return onnx;
}
