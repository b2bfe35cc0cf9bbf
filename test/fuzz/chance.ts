import type { Random } from '../../src/random.js';

/** A whole number in [0, limit). */
export function below(random: Random, limit: number): number {
  return Math.floor(random() * limit);
}

/** An item of a list, which must not be empty. */
export function pick<T>(random: Random, list: readonly T[]): T {
  const item = list[below(random, list.length)];
  if (item === undefined) throw new RangeError('nothing to pick from');
  return item;
}

/** Numbers at the limits of fields of 1, 2 and 4 bytes. */
const EDGES = [
  0, 1, 2, 7, 8, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xffff, 0x10000, 0x7fffffff, 0x80000000,
];

/** A number at a limit of an unsigned field of `size` bytes. */
export function edge(random: Random, size: 1 | 2 | 4): number {
  const top = 2 ** (8 * size) - 1;
  const values = [...EDGES.filter((value) => value <= top), top - 1, top];
  return pick(random, values);
}

/** Sides of images: a few pixels, the limits of formats, more than fits in memory. */
export const SIDES = [0, 1, 2, 3, 255, 256, 4096, 10_000, 16_383, 16_384, 20_000, 32_767, 65_500, 65_535];

export function writeField(bytes: Buffer, at: number, size: 1 | 2 | 4, value: number, little: boolean): void {
  if (at < 0 || at + size > bytes.length) return;
  if (little) bytes.writeUIntLE(value, at, size);
  else bytes.writeUIntBE(value, at, size);
}
