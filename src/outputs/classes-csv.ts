import { CLASSES } from './arrangement.js';
import { type CsvStyle, csvLine } from './csv-line.js';
import { nameBeside, type RowFile } from './row-file.js';

/**
 * Returns the classes of a model as CSV, `index,label`: one line for each column of its scores.
 * @param labels one per class, in the order of the scores
 */
export function classesCsv(labels: readonly string[], style: CsvStyle = {}): string {
  return ['index,label\n', ...labels.map((label, index) => csvLine([index, label], style))].join('');
}

/** Returns the file beside an array of scores that names the class of each column. */
export function classesFile(labels: readonly string[], style: CsvStyle): RowFile {
  return { name: nameBeside(CLASSES), header: Buffer.from(classesCsv(labels, style)) };
}
