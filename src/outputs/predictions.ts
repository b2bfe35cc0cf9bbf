import type { OkRow } from '../rows.js';
import { asFloat32 } from '../tensor.js';
import { topK } from '../top-k.js';
import { float32Decimal } from './float-text.js';
import { rowTensor, type TensorSpec } from './row-tensor.js';

/** What `classify` computes for each image. */
export interface ScoredClasses {
  readonly tensor: TensorSpec; // float32 [classes]
  readonly labels: readonly string[]; // one per class
  readonly k: number; // how many of the best, 1 to the number of classes; for formats that hold only these
}

/** One class of an image's top k; `score` prints as the shortest decimal of its float32. */
export interface Prediction {
  readonly index: number;
  readonly label: string;
  readonly score: number;
}

/** Returns the best classes of a row, best first. */
export function predictions(row: OkRow, { tensor, labels, k }: ScoredClasses): readonly Prediction[] {
  const scores = asFloat32(rowTensor(row, tensor).data);
  return topK(scores, k).map((index) => ({
    index,
    label: labels[index] ?? '',
    score: float32Decimal(scores[index] ?? NaN),
  }));
}
