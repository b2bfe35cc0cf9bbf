import type { GraphValue } from '../../graph.js';
import type { BatchOutputs } from '../../runtime/protocol.js';
import { asFloat32, elementCount } from '../../tensor.js';
import { topK } from '../../top-k.js';

/** How int8 compares with the model's own precision, over some images. */
export interface Agreement {
  readonly sameTop1: number | undefined; // images with the same best class; undefined without classes
  readonly similarity: number; // mean cosine similarity of the embeddings, or of the output used instead
}

/** With fewer images than this, an agreement says little about other images. */
export const ENOUGH_IMAGES = 8;

/** The outputs to compare two precisions by. */
export interface ComparedOutputs {
  readonly scores: string | undefined; // of classes; undefined if there are none
  readonly features: string; // the embedding; else the scores, else the smallest output
}

/** @throws RangeError if there is no output */
export function outputsToCompare(outputs: readonly GraphValue[]): ComparedOutputs {
  const size = ({ shape }: GraphValue) => elementCount(shape.slice(1).map(Number));
  const [smallest] = outputs.toSorted((a, b) => size(a) - size(b));
  if (smallest === undefined) throw new RangeError('the model has no output');
  const named = (...names: readonly string[]) => outputs.find(({ name }) => names.includes(name))?.name;
  const scores = named('logits', 'probabilities');
  return { scores, features: named('embedding') ?? scores ?? smallest.name };
}

/**
 * Compares a model's results in two precisions.
 *
 * @param floats its results in floating point, batch by batch
 * @param integers its results in int8 for the same batches
 */
export function agreementOf(
  { scores, features }: ComparedOutputs,
  floats: readonly BatchOutputs[],
  integers: readonly BatchOutputs[],
): Agreement {
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

/** @throws RangeError if there is no such output */
export function floatsOf(outputs: BatchOutputs, name: string): Float32Array {
  const tensor = outputs[name];
  if (tensor === undefined) throw new RangeError(`the model was built without its output ${name}`);
  return asFloat32(tensor.data);
}

/** Splits an output into images. */
function rowsOf(outputs: BatchOutputs, name: string): Float32Array[] {
  const all = floatsOf(outputs, name);
  const count = outputs[name]?.shape[0] ?? 0;
  const length = all.length / count;
  return Array.from({ length: count }, (_, i) => all.subarray(i * length, (i + 1) * length));
}

const best = (scores: Float32Array) => topK(scores, 1)[0];

function cosine(a: Float32Array, b: Float32Array): number {
  const dot = (x: Float32Array, y: Float32Array) => x.reduce((sum, value, i) => sum + value * (y[i] ?? 0), 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b) || 1);
}
