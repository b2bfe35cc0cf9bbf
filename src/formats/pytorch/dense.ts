import { elementCount, type Tensor } from '../../tensor.js';
import { broken, quote, unsuitable } from './failures.js';
import type { Saved } from './saved.js';
import type { TensorRef } from './values.js';

const FREE_COPIES = 16 * 1024 * 1024; // bytes, regardless of the size of the file
const COPIES_PER_FILE = 2; // every weight of a channels_last model, and its moving average

/**
 * Returns the tensors in row-major order: as views of the file if stored that way, else as copies.
 *
 * An expanded tensor may claim any shape from a few bytes, and many tensors may share one storage, so the total
 * size of all copies is limited to twice the size of the file.
 *
 * @param fileBytes size of the file
 * @throws FormatError if a tensor does not fit its storage, its type is not float64, float32, float16, bfloat16 or
 *   int64, or the copies would be too large
 */
export function denseTensors(
  refs: ReadonlyMap<string, TensorRef>,
  readStorage: Saved['readStorage'],
  fileBytes: number,
  where: string,
): ReadonlyMap<string, Tensor> {
  const limit = Math.max(FREE_COPIES, COPIES_PER_FILE * fileBytes);
  let copied = 0;
  const tensors = new Map<string, Tensor>();
  for (const [name, ref] of refs) {
    const place = `${where}: tensor ${quote(name)}`;
    const { dtype, shape } = ref;
    if (dtype.readAs === undefined) {
      throw unsuitable(
        place,
        `dtype ${dtype.name}; readable are float64, float32, float16, bfloat16, int64`,
        'Convert the tensor with PyTorch, or leave it out if the network does not need it, and save the weights again.',
      );
    }
    const extent = checkedExtent(ref, place);
    const { begin, dtype: storageType } = ref.storage;
    const start = begin * storageType.bytes + ref.offset * dtype.bytes;
    const source = readStorage(ref.storage).subarray(start, start + extent * dtype.bytes);
    const contiguous = isContiguous(ref);
    if (!contiguous) copied += elementCount(shape) * dtype.bytes;
    if (copied > limit) {
      throw unsuitable(
        place,
        `shape [${shape.join(', ')}] from ${source.byteLength} bytes brings the copies of views to ${copied} bytes; ` +
          `a file of ${fileBytes} bytes may have ${limit}`,
        'Make the tensor contiguous with PyTorch (tensor.contiguous()) and save the weights again.',
      );
    }
    const data = contiguous ? source : gather(ref, source);
    tensors.set(name, { dtype: dtype.readAs, shape, data });
  }
  return tensors;
}

/** Returns how many elements of the storage a tensor spans, from its first to its last. @throws FormatError beyond its end */
function checkedExtent({ storage, dtype, offset, shape, strides }: TensorRef, place: string): number {
  const available = ((storage.end - storage.begin) * storage.dtype.bytes) / dtype.bytes;
  const last = shape.reduce((index, size, axis) => index + (size - 1) * (strides[axis] ?? 0), 0);
  const extent = shape.includes(0) ? 0 : last + 1;
  if (offset + extent > available) {
    throw broken(
      place,
      `shape [${shape.join(', ')}] with strides [${strides.join(', ')}] ends at element ${offset + extent}; ` +
        `storage ${quote(storage.key)} has ${available}`,
    );
  }
  return extent;
}

/** Whether the elements are in row-major order without gaps. Strides of dimensions with at most one element do not matter. */
function isContiguous({ shape, strides }: TensorRef): boolean {
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const size = shape[axis] ?? 1;
    if (size !== 1 && strides[axis] !== expected) return shape.includes(0);
    expected *= size;
  }
  return true;
}

/** Copies a strided view, whose first element is the first of `source`, into row-major order. */
function gather({ shape, strides, dtype: { bytes } }: TensorRef, source: Uint8Array): Uint8Array {
  const gathered = new Uint8Array(elementCount(shape) * bytes);
  const index = new Uint32Array(shape.length);
  let from = 0; // bytes
  for (let to = 0; to < gathered.byteLength; to += bytes) {
    for (let byte = 0; byte < bytes; byte++) gathered[to + byte] = source[from + byte] ?? 0;
    // Advances the last axis by one; an axis that reaches its end resets and carries into the previous one.
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const size = shape[axis] ?? 1;
      const step = (strides[axis] ?? 0) * bytes;
      const position = (index[axis] ?? 0) + 1;
      from += step;
      if (position < size) {
        index[axis] = position;
        break;
      }
      index[axis] = 0;
      from -= step * size;
    }
  }
  return gathered;
}
