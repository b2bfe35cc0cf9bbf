import { mulberry32 } from '../random.js';
import { elementCount } from '../tensor.js';

/**
 * Generates weights from a tensor's name alone, in ranges where activations neither vanish nor explode. Benchmarks
 * and timm's full-size golden outputs use them to run a network at full size without a checkpoint. The recipe is in
 * fixtures/parity/README.md.
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

/** Returns the unsigned 32-bit FNV-1a hash of the name in UTF-8 (http://www.isthe.com/chongo/tech/comp/fnv/). */
export function tensorSeed(name: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(name)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

/** Returns the function that maps a number in [0, 1) to an element. */
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
