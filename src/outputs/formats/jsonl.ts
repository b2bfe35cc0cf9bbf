import type { Tensor } from '../../tensor.js';
import { ARRANGEMENTS } from '../arrangement.js';
import { decimals } from '../float-text.js';
import { jsonlFile } from '../jsonl-file.js';
import { predictions } from '../predictions.js';
import { ownName } from '../row-file.js';
import { rowTensor } from '../row-tensor.js';
import type { Format } from './format.js';

/** JSON lines: a document for each image, with its path first. */
export const jsonl: Format = {
  name: 'jsonl',
  title: 'JSONL',
  extensions: ['.jsonl', '.ndjson'],
  otherExtensions: ['.json', '.txt'],
  classify: {
    arrangement: ARRANGEMENTS.text,
    topK: true,
    files: (scored, style) => [
      jsonlFile(ownName, style, (row) => ({ predictions: predictions(row, scored) })),
    ],
  },
  embed: {
    arrangement: ARRANGEMENTS.text,
    files: (tensor, style) => [
      jsonlFile(ownName, style, (row) => {
        const embedding = rowTensor(row, tensor);
        return { embedding: tensor.shape.length === 1 ? decimals(embedding) : encodeTensor(embedding) };
      }),
    ],
  },
  features: {
    arrangement: ARRANGEMENTS.text,
    maps: true,
    files: (tensors, style) => [
      jsonlFile(ownName, style, (row) => ({
        stages: Object.fromEntries(
          tensors.map((tensor) => [tensor.name, encodeTensor(rowTensor(row, tensor))]),
        ),
      })),
    ],
  },
};

function encodeTensor({ shape, dtype, data }: Tensor) {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return { shape, dtype, data: bytes.toString('base64') }; // little-endian
}
