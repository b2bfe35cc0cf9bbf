import { HalonetError, ModelError } from '../errors.js';
import type { Row } from '../rows.js';
import type { Tensor } from '../tensor.js';
import type { Batch } from './batches.js';
import type { InferredPart } from './infer.js';

/**
 * Yields one row for every input of a batch, in order.
 *
 * @param parts the results for the images of the batch, in order
 * @throws ModelError if the model computes NaN for an image
 */
export function* batchRows({ items }: Batch, parts: readonly InferredPart[]): Generator<Row> {
  const places = parts.flatMap((part) => Array.from({ length: part.count }, (_, place) => ({ part, place })));
  let image = 0;
  for (const item of items) {
    if (item.status !== 'ok') {
      yield item;
      continue;
    }
    const at = places[image++];
    if (at === undefined) throw new HalonetError(`the session gave no result for ${item.id}`);
    yield { ...item, outputs: outputsOf(item.id, at.part, at.place) };
  }
}

/** Returns the tensors of one image in a part, as views. */
function outputsOf(id: string, { outputs, count }: InferredPart, place: number): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(outputs).map(([name, { dtype, shape, data }]) => {
      const bytes = data.byteLength / count;
      const view = data.subarray(place * bytes, (place + 1) * bytes);
      if (startsWithNaN(dtype, view)) {
        throw new ModelError(`the model computes NaN for ${id} (output ${name})`, {
          hint: 'Its weights are damaged, or --mean and --std are far off.',
        });
      }
      return [name, { dtype, shape: shape.slice(1), data: view }];
    }),
  );
}

// In files NaN marks a failed image, so a good image must not give NaN. NaN spreads through every layer, so checking the first
// value is enough.
function startsWithNaN(dtype: Tensor['dtype'], data: Uint8Array): boolean {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  if (dtype === 'float16') return (view.getUint16(0, true) & 0x7fff) > 0x7c00;
  return Number.isNaN(view.getFloat32(0, true));
}
