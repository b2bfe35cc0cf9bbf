import type { Random } from '../../../src/random.js';
import { below, edge, pick, writeField } from '../chance.js';
import type { Mutation } from '../mutation.js';

/** A range of bytes, usually short. */
function block(bytes: Buffer, random: Random): { readonly start: number; readonly end: number } {
  const start = below(random, bytes.length);
  const length = 1 + below(random, pick(random, [4, 32, Math.max(1, bytes.length >> 1)]));
  return { start, end: Math.min(bytes.length, start + length) };
}

/** A position, often near the start, where most of the bytes are that decoders branch on. */
function position(bytes: Buffer, random: Random): number {
  return below(random, random() < 0.5 ? Math.min(64, bytes.length) : bytes.length);
}

/** Mutations for every format. */
export const ANY: readonly Mutation[] = [
  {
    name: 'bits',
    apply: (bytes, random) => {
      for (let i = 1 + below(random, 16); i > 0; i--) {
        const at = position(bytes, random);
        bytes[at] = (bytes[at] ?? 0) ^ (1 << below(random, 8));
      }
      return bytes;
    },
  },
  {
    name: 'byte',
    apply: (bytes, random) => {
      for (let i = 1 + below(random, 4); i > 0; i--) {
        bytes[position(bytes, random)] = pick(random, [0, 1, 0x7f, 0x80, 0xfe, 0xff, below(random, 256)]);
      }
      return bytes;
    },
  },
  {
    name: 'field',
    apply: (bytes, random) => {
      const size = pick(random, [2, 4] as const);
      const at = position(bytes, random);
      const aligned = at - (at % size);
      writeField(bytes, pick(random, [at, aligned]), size, edge(random, size), random() < 0.5);
      return bytes;
    },
  },
  { name: 'cut', apply: (bytes, random) => bytes.subarray(0, below(random, bytes.length)) },
  {
    name: 'remove',
    apply: (bytes, random) => {
      const { start, end } = block(bytes, random);
      return Buffer.concat([bytes.subarray(0, start), bytes.subarray(end)]);
    },
  },
  {
    name: 'repeat',
    apply: (bytes, random) => {
      const { start, end } = block(bytes, random);
      const again = Array.from({ length: 1 + below(random, 8) }, () => bytes.subarray(start, end));
      return Buffer.concat([bytes.subarray(0, end), ...again, bytes.subarray(end)]);
    },
  },
  {
    name: 'insert',
    apply: (bytes, random) => {
      const at = position(bytes, random);
      const noise = Buffer.from(Array.from({ length: 1 + below(random, 64) }, () => below(random, 256)));
      return Buffer.concat([bytes.subarray(0, at), noise, bytes.subarray(at)]);
    },
  },
  {
    name: 'fill',
    apply: (bytes, random) => {
      const { start, end } = block(bytes, random);
      return bytes.fill(pick(random, [0, 0xff, below(random, 256)]), start, end);
    },
  },
  {
    name: 'swap',
    apply: (bytes, random) => {
      const { start, end } = block(bytes, random);
      const to = below(random, bytes.length - (end - start) + 1);
      return Buffer.from(bytes).copyWithin(to, start, end);
    },
  },
  {
    name: 'splice',
    apply: (bytes, random, others) => {
      const other = pick(random, others).bytes;
      return Buffer.concat([
        bytes.subarray(0, below(random, bytes.length)),
        other.subarray(below(random, other.length)),
      ]);
    },
  },
  {
    name: 'append', // two files in one
    apply: (bytes, random, others) => Buffer.concat([bytes, pick(random, others).bytes]),
  },
];
