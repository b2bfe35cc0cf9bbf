import { readFileSync } from 'node:fs';
import { generateTensor } from '../../src/model/generated-weights.js';
import type { Tensor } from '../../src/tensor.js';

/**
 * Generates every tensor of a full-size network, as float32 under timm's names.
 *
 * @param architecture a folder in fixtures/parity/fullsize/, whose tensors.json gives the names and shapes
 */
export function generateCheckpoint(architecture: string): ReadonlyMap<string, Tensor> {
  const path = `fixtures/parity/fullsize/${architecture}/tensors.json`;
  const shapes: Readonly<Record<string, readonly number[]>> = JSON.parse(readFileSync(path, 'utf8'));
  return new Map(
    Object.entries(shapes).map(([name, shape]) => {
      const data = new Uint8Array(generateTensor(name, shape).buffer);
      return [name, { dtype: 'float32', shape, data }];
    }),
  );
}
