import type { Random } from '../../src/random.js';
import type { Seed } from './seeds.js';

/** A way to damage an image. */
export interface Mutation {
  readonly name: string; // for file names: a-z, 0-9 and -
  /** The damaged bytes, or undefined where it has nothing to take hold of. `bytes` may be written to. */
  readonly apply: (bytes: Buffer, random: Random, others: readonly Seed[]) => Buffer | undefined;
}
