import { ARRANGEMENTS, INDEX } from '../../src/outputs/arrangement.js';
import { classesFile } from '../../src/outputs/classes-csv.js';
import type { Format } from '../../src/outputs/formats/format.js';
import { indexFile } from '../../src/outputs/index-csv.js';
import { nameBeside, ownName, type RowFile } from '../../src/outputs/row-file.js';
import type { TensorSpec } from '../../src/outputs/row-tensor.js';
import { tensorRows } from '../../src/outputs/tensor-rows.js';

/**
 * A format that is not one of halonet's: a line of JSON that describes what follows, then the elements of each row,
 * tensor by tensor. It shows that a format takes only a module and an entry: all run scenarios cover it, too.
 */
export const raw: Format = {
  name: 'f32',
  title: 'F32',
  extensions: ['.f32'],
  otherExtensions: ['.bin'],
  classify: {
    arrangement: ARRANGEMENTS.scores,
    topK: false,
    files: ({ tensor, labels }, style) => [
      indexFile(nameBeside(INDEX), style),
      classesFile(labels, style),
      rawFile([tensor]),
    ],
  },
  embed: {
    arrangement: ARRANGEMENTS.matrix,
    files: (tensor, style) => [indexFile(nameBeside(INDEX), style), rawFile([tensor])],
  },
  features: {
    arrangement: ARRANGEMENTS.matrix,
    maps: true,
    files: (tensors, style) => [indexFile(nameBeside(INDEX), style), rawFile(tensors)],
  },
};

function rawFile(tensors: readonly TensorSpec[]): RowFile {
  const parts = tensors.map(tensorRows);
  const header = (rows: number) => {
    const text = (count: number) => JSON.stringify({ tensors, rows: count });
    const longest = text(Number.MAX_SAFE_INTEGER).length;
    return Buffer.from(`${text(rows).padEnd(longest)}\n`);
  };
  return {
    name: ownName,
    header: header(0),
    rows: {
      bytes: parts.reduce((sum, { bytes }) => sum + bytes, 0),
      encode: (row, number) => Buffer.concat(parts.map(({ encode }) => encode(row, number))),
    },
    finishedHeader: header,
  };
}
