import { createHash } from 'node:crypto';
import type { ImageFailure } from './errors.js';
import type { Facts } from './facts.js';

const BUFFER_LIMIT = 2 ** 31 - 1; // bytes

/** Thrown if an item turns out to hold no usable image; `decodeImage` returns its failure. */
export class ImageRefusal extends Error {
  override readonly name = 'ImageRefusal';
  readonly failure: ImageFailure;
  readonly known: Facts; // what was found out about the image nevertheless

  constructor(code: ImageFailure['code'], message: string, known: Facts = {}) {
    super(message);
    this.failure = { code, message };
    this.known = known;
  }
}

/** The facts about an empty file. */
export const NO_BYTES: Facts = { bytes: 0, sha256: createHash('sha256').digest('hex') };

/** Returns the most bytes that an image may have: as asked for, and as one buffer holds. */
export const imageLimit = (most: number) => Math.min(BUFFER_LIMIT, most);

/**
 * Refuses an image of a size that cannot be read.
 *
 * @param what holds it: the member
 * @param most bytes that it may have
 * @throws ImageRefusal empty_file or too_large
 */
export function expectImageSize(what: string, bytes: number, most: number): void {
  const limit = imageLimit(most);
  if (bytes === 0) throw new ImageRefusal('empty_file', `${what} has no bytes`, NO_BYTES);
  if (bytes > limit)
    throw new ImageRefusal('too_large', `${what} has ${bytes} bytes, beyond the limit of ${limit} bytes`);
}
