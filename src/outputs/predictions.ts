import type { OkRow } from '../rows.js';
import { asFloat32 } from '../tensor.js';
import { topK } from '../top-k.js';
import { float32Decimal } from './float-text.js';
import { rowTensor, type TensorSpec } from './row-tensor.js';

/** What `classify` has of each image. */
export interface ScoredClasses {
  readonly tensor: TensorSpec; // float32 [classes]
  readonly labels: readonly string[]; // one per class
  readonly k: number; // the best so many, for formats that hold these alone: 1 to the number of classes
}

/** One class of an image's top k; `score` prints as the shortest decimal of its float32. */
export interface Prediction {
  readonly index: number;
  readonly label: string;
  readonly score: number;
}

/** The best classes of a row, the best first. */
export function predictions(row: OkRow, { tensor, labels, k }: ScoredClasses): readonly Prediction[] {
  const scores = asFloat32(rowTensor(row, tensor).data);
  return topK(scores, k).map((index) => ({
    index,
    label: labels[index] ?? '',
    score: float32Decimal(scores[index] ?? NaN),
  }));
}
