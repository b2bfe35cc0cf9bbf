import type { BatchOutputs } from '../runtime/protocol.js';
import { asFloat32 } from '../tensor.js';

/** How int8 compares with the model's own precision, over some images. */
export interface Agreement {
  readonly sameTop1: number | undefined; // images whose best class is the same; undefined without classes
  readonly similarity: number; // mean cosine similarity of the embeddings, or of what else the model gives
}

const SCORES = ['logits', 'probabilities'];

/**
 * Compares what a model computes in two precisions.
 *
 * @param names the model's outputs
 * @param floats what it computes of some batches
 * @param integers the same of the same batches
 */
export function agreementOf(
  names: readonly string[],
  floats: readonly BatchOutputs[],
  integers: readonly BatchOutputs[],
): Agreement {
  const scores = names.find((name) => SCORES.includes(name));
  const features = names.find((name) => !SCORES.includes(name)) ?? names[0] ?? '';
  const pairsOf = (name: string) =>
    floats.flatMap((batch, i) => {
      const [ours, theirs] = [rowsOf(batch, name), rowsOf(integers[i] ?? {}, name)];
      return ours.map((row, place) => [row, theirs[place] ?? new Float32Array(row.length)] as const);
    });
  const similarities = pairsOf(features).map(([a, b]) => cosine(a, b));
  return {
    sameTop1:
      scores === undefined ? undefined : pairsOf(scores).filter(([a, b]) => best(a) === best(b)).length,
    similarity: similarities.reduce((sum, value) => sum + value, 0) / similarities.length,
  };
}

/** @throws RangeError when there is no such output */
export function floatsOf(outputs: BatchOutputs, name: string): Float32Array {
  const tensor = outputs[name];
  if (tensor === undefined) throw new RangeError(`the model was built without its output ${name}`);
  return asFloat32(tensor.data);
}

/** An output, image by image. */
function rowsOf(outputs: BatchOutputs, name: string): Float32Array[] {
  const all = floatsOf(outputs, name);
  const count = outputs[name]?.shape[0] ?? 0;
  const length = all.length / count;
  return Array.from({ length: count }, (_, i) => all.subarray(i * length, (i + 1) * length));
}

function best(scores: Float32Array): number {
  return scores.reduce((top, score, i) => (score > (scores[top] ?? Number.NEGATIVE_INFINITY) ? i : top), 0);
}

function cosine(a: Float32Array, b: Float32Array): number {
  const dot = (x: Float32Array, y: Float32Array) => x.reduce((sum, value, i) => sum + value * (y[i] ?? 0), 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b) || 1);
}
