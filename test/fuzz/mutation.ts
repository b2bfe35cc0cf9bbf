import type { Random } from '../../src/random.js';
import type { Seed } from './seeds.js';

/** A way to damage an image. */
export interface Mutation {
  readonly name: string; // for file names: a-z, 0-9 and -
  /** Returns the damaged bytes, or undefined if the mutation does not apply. It may write to `bytes`. */
  readonly apply: (bytes: Buffer, random: Random, others: readonly Seed[]) => Buffer | undefined;
}
