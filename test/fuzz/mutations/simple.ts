import { below, edge, pick, SIDES, writeField } from '../chance.js';
import type { Mutation } from '../mutation.js';

/** Mutations for formats that are a header of numbers followed by rows or codes. */
export const HEADER: readonly Mutation[] = [
  {
    name: 'number',
    apply: (bytes, random) => {
      const size = pick(random, [1, 2, 4] as const);
      const value = random() < 0.5 ? edge(random, size) : pick(random, SIDES) % 2 ** (8 * size);
      writeField(bytes, below(random, Math.min(64, bytes.length)), size, value, random() < 0.7);
      return bytes;
    },
  },
  {
    name: 'codes',
    apply: (bytes, random) => {
      const start = Math.floor(bytes.length / 4);
      for (let i = 1 + below(random, 8); i > 0 && bytes.length > start; i--) {
        bytes[start + below(random, bytes.length - start)] = edge(random, 1);
      }
      return bytes;
    },
  },
  { name: 'short', apply: (bytes, random) => bytes.subarray(0, bytes.length - below(random, 16)) },
];

/** Changes a number in the header, or a sample. */
export const DIGITS: Mutation = {
  name: 'digits',
  apply: (bytes, random) => {
    const text = bytes.toString('latin1');
    const numbers = [...text.slice(0, 200).matchAll(/\d+/g)];
    if (numbers.length === 0) return undefined;
    const { index = 0, 0: digits } = pick(random, numbers);
    const value = pick(random, [...SIDES, -1, 2 ** 31, 2 ** 32, 12_345_678_901]);
    return Buffer.from(`${text.slice(0, index)}${value}${text.slice(index + digits.length)}`, 'latin1');
  },
};
