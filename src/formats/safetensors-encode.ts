import { byteCount, type DType, type LazyTensor } from '../tensor.js';

// https://github.com/huggingface/safetensors#format
const DTYPES: Readonly<Partial<Record<DType, string>>> = { float32: 'F32', float16: 'F16', int64: 'I64' };
const ALIGNMENT = 8; // bytes, of the data; the header is padded with spaces

/**
 * Encodes tensors as a safetensors file, piece by piece: the header, then each tensor, computed on demand.
 *
 * @throws RangeError for a tensor that is not float32, float16 or int64
 */
export function* encodeSafetensors(tensors: ReadonlyMap<string, LazyTensor>): Generator<Uint8Array> {
  let end = 0;
  const entries = [...tensors].map(([name, tensor]) => {
    const dtype = DTYPES[tensor.dtype];
    if (dtype === undefined) throw new RangeError(`${name}: ${tensor.dtype} is not written`);
    const begin = end;
    end += byteCount(tensor);
    return [name, { dtype, shape: tensor.shape, data_offsets: [begin, end] }];
  });
  const json = JSON.stringify(Object.fromEntries(entries));
  const bytes = new TextEncoder().encode(json);
  const padded = Math.ceil(bytes.byteLength / ALIGNMENT) * ALIGNMENT;
  const header = new Uint8Array(8 + padded).fill(' '.charCodeAt(0));
  new DataView(header.buffer).setBigUint64(0, BigInt(padded), true);
  header.set(bytes, 8);
  yield header;
  for (const { read } of tensors.values()) yield read();
}
