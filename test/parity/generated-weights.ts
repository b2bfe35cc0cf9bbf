import { readFileSync } from 'node:fs';
import { elementCount, type Tensor } from '../../src/tensor.js';
import { mulberry32 } from '../drawing/random.js';

/**
 * The weights that timm's full-size golden outputs were computed with: made from a tensor's name alone, so that no
 * large file is needed. The recipe is in fixtures/parity/README.md.
 *
 * @param name timm's name of the tensor, such as `head.fc.bias`
 * @returns the elements, row-major, computed in float64 and rounded once
 */
export function generateTensor(name: string, shape: readonly number[]): Float32Array {
  const random = mulberry32(tensorSeed(name));
  const value = valueRule(name, shape);
  const elements = new Float32Array(elementCount(shape));
  for (let i = 0; i < elements.length; i++) elements[i] = value(random());
  return elements;
}

/**
 * Every tensor of a full-size network, float32, under timm's names.
 *
 * @param architecture a folder of fixtures/parity/fullsize/, whose tensors.json gives the names and shapes
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

/** 32-bit FNV-1a of the name in UTF-8 (http://www.isthe.com/chongo/tech/comp/fnv/), unsigned. */
export function tensorSeed(name: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(name)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

/** How a number in [0, 1) becomes an element: a range in which activations neither vanish nor explode. */
function valueRule(name: string, shape: readonly number[]): (u: number) => number {
  if (name.endsWith('running_var')) return (u) => 0.5 + u;
  if (name.endsWith('running_mean')) return (u) => 0.4 * (u - 0.5);
  if (name.includes('_rel') || name.includes('pos_emb')) return (u) => 0.8 * (u - 0.5);
  if (shape.length >= 2) {
    const bound = Math.sqrt(3 / elementCount(shape.slice(1)));
    return (u) => (2 * u - 1) * bound * 1.2;
  }
  if (name.endsWith('weight')) return (u) => 0.6 + 0.8 * u;
  return (u) => 0.4 * (u - 0.5);
}
