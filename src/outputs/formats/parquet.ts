import { ARRANGEMENTS } from '../arrangement.js';
import { jsonlFile } from '../jsonl-file.js';
import { parquetPacking } from '../parquet/parquet-packing.js';
import { classColumns, RANKED } from '../parquet/ranked-classes.js';
import { predictions, type ScoredClasses } from '../predictions.js';
import type { GrowingRowFile, RowFile } from '../row-file.js';
import type { TensorSpec } from '../row-tensor.js';
import { tensorRows } from '../tensor-rows.js';
import type { Format, FormatPart } from './format.js';

/**
 * Parquet: one file, packed from the rows of a run, which are JSON lines and, for vectors, arrays. Text and single values are columns of
 * their own; a vector is a list of fixed length, all NaN for a failed image.
 */
export const parquet: Format = {
  name: 'parquet',
  title: 'Parquet',
  extensions: ['.parquet'],
  otherExtensions: ['.pq'],
  classify: {
    arrangement: ARRANGEMENTS.packed,
    topK: true,
    files: (scored, style) => [jsonlFile(textName, style, (row) => ({ [RANKED]: predictions(row, scored) }))],
    packing: (files, { k }: ScoredClasses, style) =>
      parquetPacking({ files, style, results: classColumns(k), vectors: [] }),
  },
  embed: vectorPart<TensorSpec>((tensor) => [{ tensor, column: 'embedding' }]),
  features: {
    ...vectorPart<readonly TensorSpec[]>((tensors) =>
      tensors.map((tensor) => ({ tensor, column: tensor.name })),
    ),
    maps: false,
  },
};

const textName: RowFile['name'] = (output) => `${output}.jsonl`;

/** @param vectorsOf returns the vectors of each row, and the columns that they become */
function vectorPart<Rows>(
  vectorsOf: (rows: Rows) => readonly { readonly tensor: TensorSpec; readonly column: string }[],
): FormatPart<Rows> {
  return {
    arrangement: ARRANGEMENTS.packed,
    files: (rows, style) => [
      jsonlFile(textName, style, () => ({})),
      ...vectorsOf(rows).map(({ tensor, column }) => vectorFile(tensor, column)),
    ],
    packing: (files, rows, style) =>
      parquetPacking({
        files,
        style,
        results: [],
        vectors: vectorsOf(rows).map(
          ({
            tensor: {
              dtype,
              shape: [length = 0],
            },
            column,
          }) => ({
            name: column,
            type: 'vector',
            dtype,
            length,
          }),
        ),
      }),
  };
}

function vectorFile(tensor: TensorSpec, column: string): GrowingRowFile {
  return {
    name: (output) => `${output}.${column}.${tensor.dtype}`,
    header: Buffer.of(),
    rows: tensorRows(tensor),
  };
}
