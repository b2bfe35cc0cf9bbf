import { ARRANGEMENTS, INDEX } from '../arrangement.js';
import { classesFile } from '../classes-csv.js';
import { indexFile } from '../index-csv.js';
import { textFile } from '../layout.js';
import { encodeNpyHeader } from '../npy-header.js';
import { treePacking } from '../per-image/tree-packing.js';
import {
  arrayFiles,
  type GrowingRowFile,
  nameBeside,
  nameInside,
  ownName,
  type RowFile,
} from '../row-file.js';
import type { TensorSpec } from '../row-tensor.js';
import { tensorRows } from '../tensor-rows.js';
import type { Format } from './format.js';

/** NPY: NumPy arrays of the values of all images, and an index that names the image of each row. */
export const npy: Format = {
  name: 'npy',
  title: 'NPY',
  extensions: ['.npy'],
  otherExtensions: [],
  classify: {
    arrangement: ARRANGEMENTS.scores,
    topK: false,
    files: ({ tensor, labels }, style) => [
      indexFile(nameBeside(INDEX), style),
      classesFile(labels, style),
      npyFile(tensor, ownName),
    ],
  },
  embed: {
    arrangement: ARRANGEMENTS.matrix,
    files: (tensor, style) => [indexFile(nameBeside(INDEX), style), npyFile(tensor, ownName)],
  },
  features: {
    arrangement: ARRANGEMENTS.folder,
    maps: true,
    files: (tensors, style) => [
      indexFile(nameInside(INDEX), style),
      ...tensors.map((tensor) => stageFile(tensor)),
    ],
    perImage: {
      arrangement: ARRANGEMENTS.tree,
      files: (tensors, style) => [
        indexFile(nameInside(INDEX), style),
        ...tensors.map((tensor) => stageFile(tensor)),
      ],
      packing(files, tensors, style) {
        const arrays = arrayFiles(files).flatMap((file, i) => {
          const tensor = tensors[i];
          return tensor === undefined ? [] : [{ tensor, file }];
        });
        return treePacking({ index: textFile({ files }), style, arrays });
      },
    },
  },
};

const stageFile = (tensor: TensorSpec) => npyFile(tensor, nameInside(`${tensor.name}.npy`));

function npyFile(tensor: TensorSpec, name: RowFile['name']): GrowingRowFile {
  const { dtype, shape } = tensor;
  const header = (rows: number) => encodeNpyHeader(dtype, rows, shape);
  return { name, header: header(0), rows: tensorRows(tensor), finishedHeader: header };
}
