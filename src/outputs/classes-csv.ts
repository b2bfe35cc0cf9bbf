import { type CsvStyle, csvLine } from './csv.js';

/**
 * The classes of a model as CSV, `index,label`: one line for each column of its scores.
 * @param labels one per class, in the order of the scores
 */
export function classesCsv(labels: readonly string[], style: CsvStyle = {}): string {
  return ['index,label\n', ...labels.map((label, index) => csvLine([index, label], style))].join('');
}
