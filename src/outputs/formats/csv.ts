import type { FailedRow, OkRow } from '../../rows.js';
import { ARRANGEMENTS } from '../arrangement.js';
import {
  csvLine,
  csvNames,
  csvNumbersLine,
  csvRenamed,
  emptyCells,
  failureCell,
  firstCells,
  headerLine,
  type TextStyle,
} from '../csv-line.js';
import { decimals } from '../float-text.js';
import { predictions, type ScoredClasses } from '../predictions.js';
import { ownName, type TextFile } from '../row-file.js';
import { rowTensor, type TensorSpec } from '../row-tensor.js';
import type { Format } from './format.js';

/** CSV: a record for each image, or for each image and stage, with the path first and the error last. */
export const csv: Format = {
  name: 'csv',
  title: 'CSV',
  extensions: ['.csv'],
  otherExtensions: ['.txt'],
  classify: {
    arrangement: ARRANGEMENTS.text,
    topK: true,
    files: (scored, style) => [predictionsFile(scored, style)],
  },
  embed: {
    arrangement: ARRANGEMENTS.text,
    files: (tensor, style) => [embeddingFile(tensor, style)],
  },
  features: {
    arrangement: ARRANGEMENTS.text,
    maps: false,
    files: (tensors, style) => [stagesFile(tensors, style)],
  },
};

function csvFile(
  columns: readonly string[],
  style: TextStyle,
  text: (row: OkRow | FailedRow) => string,
): TextFile {
  return {
    name: ownName,
    header: Buffer.from(headerLine(['path'], [...columns, 'error'], style)),
    rows: {
      encode: (row) => Buffer.from(text(row)),
      names: (line) => csvNames(line, 0, style),
      renamed: (line, name) => csvRenamed(line, 0, name, style),
    },
  };
}

function predictionsFile(scored: ScoredClasses, style: TextStyle): TextFile {
  const ranks = Array.from({ length: scored.k }, (_, i) => i + 1);
  const columns = ranks.flatMap((rank) => [`index_${rank}`, `label_${rank}`, `score_${rank}`]);
  return csvFile(columns, style, (row) => {
    if (row.status === 'failed')
      return csvLine(
        [...firstCells(row, style), ...emptyCells(columns.length), failureCell(row.failure)],
        style,
      );
    const cells = predictions(row, scored).flatMap(({ index, label, score }) => [index, label, score]);
    return csvLine([...firstCells(row, style), ...cells, ''], style);
  });
}

function embeddingFile(tensor: TensorSpec, style: TextStyle): TextFile {
  const [features = 0] = tensor.shape;
  const columns = Array.from({ length: features }, (_, i) => `e${i}`);
  return csvFile(columns, style, (row) =>
    row.status === 'failed'
      ? csvLine([...firstCells(row, style), ...emptyCells(features), failureCell(row.failure)], style)
      : csvNumbersLine(firstCells(row, style), decimals(rowTensor(row, tensor)), [''], style),
  );
}

/** Returns the file of pooled stages. Stages differ in channels, so records are padded with empty cells to the widest. */
function stagesFile(tensors: readonly TensorSpec[], style: TextStyle): TextFile {
  const width = Math.max(0, ...tensors.map(({ shape }) => shape[0] ?? 0));
  const columns = Array.from({ length: width }, (_, i) => `f${i}`);
  const line = (row: OkRow | FailedRow, tensor: TensorSpec) => {
    const start = [...firstCells(row, style), tensor.name];
    if (row.status === 'failed')
      return csvLine([...start, ...emptyCells(width), failureCell(row.failure)], style);
    const values = decimals(rowTensor(row, tensor));
    return csvNumbersLine(start, values, emptyCells(width - values.length + 1), style);
  };
  return csvFile(['stage', ...columns], style, (row) => tensors.map((tensor) => line(row, tensor)).join(''));
}
