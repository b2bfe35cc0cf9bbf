import { OutputError } from '../errors.js';
import type { Row } from '../rows.js';
import type { DType, Tensor } from '../tensor.js';

/** Floating-point element types that outputs hold. */
export type FloatDType = Extract<DType, 'float32' | 'float16'>;

/** The tensor that a sink expects under one name in the `outputs` of every row, without the batch dimension. */
export interface TensorSpec {
  readonly name: string;
  readonly dtype: FloatDType;
  readonly shape: readonly number[];
}

/** @throws {OutputError} if the row has no such tensor, or one of another element type or shape */
export function rowTensor(row: Extract<Row, { status: 'ok' }>, { name, dtype, shape }: TensorSpec): Tensor {
  const tensor = row.outputs[name];
  if (tensor?.dtype === dtype && tensor.shape.join() === shape.join()) return tensor;
  const received = tensor === undefined ? 'nothing' : `${tensor.dtype} [${tensor.shape.join(', ')}]`;
  throw new OutputError(
    `the result for ${row.id} does not fit the output: expected ${dtype} [${shape.join(', ')}] ` +
      `under "${name}", received ${received}`,
    { hint: 'The model computes something other than expected: this is a defect, please report it.' },
  );
}
