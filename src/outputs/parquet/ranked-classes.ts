import type { Scalar } from '../../formats/parquet/scalars.js';
import type { ScalarColumn } from '../../formats/parquet/writing/columns.js';
import { float32Decimal } from '../float-text.js';
import type { Prediction } from '../predictions.js';

/** The member of a line that holds the best classes of an image. */
export const RANKED = 'predictions';

/** A column of results, and how it belongs to a line of text. */
export interface ResultColumn extends ScalarColumn {
  /** Returns its value in the results of a line. */
  readonly valueOf: (results: Results) => Scalar;
}

/** The members of a line that are results. */
export interface Results {
  readonly [RANKED]?: readonly Prediction[] | undefined;
}

const PARTS = [
  ['index', 'int32'],
  ['label', 'label'],
  ['score', 'float'],
] as const;

/** Returns the columns of the k best classes, named as in CSV: `index_1`, `label_1`, `score_1`, … */
export function classColumns(k: number): readonly ResultColumn[] {
  return Array.from({ length: k }, (_, i) => i).flatMap((i) =>
    PARTS.map(([part, type]) => ({
      name: `${part}_${i + 1}`,
      type,
      isNullable: true, // failed images have none
      valueOf: (results: Results) => results[RANKED]?.[i]?.[part] ?? null,
    })),
  );
}

/** Returns the results that columns of the best classes hold; none if they are null. @param values in the order of `classColumns` */
export function resultsOf(values: readonly Scalar[]): Results {
  const ranked: Prediction[] = [];
  for (let at = 0; at < values.length; at += PARTS.length) {
    const [index, label, score] = values.slice(at, at + PARTS.length);
    if (typeof index !== 'number') break;
    const value = typeof score === 'number' ? float32Decimal(score) : Number.NaN;
    ranked.push({ index, label: String(label), score: value });
  }
  return values.length === 0 ? {} : { [RANKED]: ranked };
}
