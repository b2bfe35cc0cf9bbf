import type { FailedRow, OkRow } from '../rows.js';
import { BYTES_PER_ELEMENT, byteCount, elementCount } from '../tensor.js';
import type { FixedRows } from './row-file.js';
import { type FloatDType, rowTensor, type TensorSpec } from './row-tensor.js';

/** Returns rows that hold the elements of one tensor; all NaN for a failed image. */
export function tensorRows(tensor: TensorSpec): FixedRows {
  let nothing: Uint8Array | undefined; // shared by failed images, so as not to fill megabytes for each
  return {
    bytes: byteCount(tensor),
    encode(row: OkRow | FailedRow) {
      if (row.status === 'ok') return rowTensor(row, tensor).data;
      nothing ??= nanRow(tensor);
      return nothing;
    },
  };
}

// A quiet NaN, little-endian.
const NAN: Readonly<Record<FloatDType, readonly number[]>> = {
  float32: [0x00, 0x00, 0xc0, 0x7f],
  float16: [0x00, 0x7e],
};

/** Returns the elements of a tensor of a failed image. */
export function nanRow({ dtype, shape }: TensorSpec): Uint8Array {
  return Buffer.alloc(elementCount(shape) * BYTES_PER_ELEMENT[dtype], Uint8Array.from(NAN[dtype]));
}
