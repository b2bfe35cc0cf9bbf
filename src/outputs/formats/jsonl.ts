import type { FailedRow, OkRow } from '../../rows.js';
import type { Tensor } from '../../tensor.js';
import { ARRANGEMENTS } from '../arrangement.js';
import type { TextStyle } from '../csv-line.js';
import { decimals } from '../float-text.js';
import { failureJson, jsonNames, jsonRenamed, jsonRow } from '../json-line.js';
import { predictions } from '../predictions.js';
import { ownName, type TextFile } from '../row-file.js';
import { rowTensor } from '../row-tensor.js';
import type { Format } from './format.js';

/** JSON lines: a document for each image, with its path first. */
export const jsonl: Format = {
  name: 'jsonl',
  extensions: ['.jsonl', '.ndjson'],
  otherExtensions: ['.json', '.txt'],
  classify: {
    arrangement: ARRANGEMENTS.text,
    topK: true,
    files: (scored, style) => [jsonlFile(style, (row) => ({ predictions: predictions(row, scored) }))],
  },
  embed: {
    arrangement: ARRANGEMENTS.text,
    files: (tensor, style) => [
      jsonlFile(style, (row) => {
        const embedding = rowTensor(row, tensor);
        return { embedding: tensor.shape.length === 1 ? decimals(embedding) : encodeTensor(embedding) };
      }),
    ],
  },
  features: {
    arrangement: ARRANGEMENTS.text,
    maps: true,
    files: (tensors, style) => [
      jsonlFile(style, (row) => ({
        stages: Object.fromEntries(
          tensors.map((tensor) => [tensor.name, encodeTensor(rowTensor(row, tensor))]),
        ),
      })),
    ],
  },
};

/** @param result returns the members of a document after its name */
function jsonlFile(style: TextStyle, result: (row: OkRow) => object): TextFile {
  const resultOf = (row: OkRow | FailedRow) =>
    row.status === 'failed' ? { error: failureJson(row.failure) } : result(row);
  return {
    name: ownName,
    header: Buffer.of(),
    rows: {
      encode: (row) => Buffer.from(jsonRow(row, resultOf(row), style)),
      names: (text) => jsonNames(text, style),
      renamed: (text, name) => jsonRenamed(text, name, style),
    },
  };
}

function encodeTensor({ shape, dtype, data }: Tensor) {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return { shape, dtype, data: bytes.toString('base64') }; // little-endian
}
