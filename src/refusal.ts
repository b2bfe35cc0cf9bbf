import type { ImageFailure } from './errors.js';

const BUFFER_LIMIT = 2 ** 31 - 1; // bytes

/** Thrown if an item turns out to hold no usable image; `decodeImage` returns its failure. */
export class ImageRefusal extends Error {
  override readonly name = 'ImageRefusal';
  readonly failure: ImageFailure;

  constructor(code: ImageFailure['code'], message: string) {
    super(message);
    this.failure = { code, message };
  }
}

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
  if (bytes === 0) throw new ImageRefusal('empty_file', `${what} has no bytes`);
  if (bytes > limit)
    throw new ImageRefusal('too_large', `${what} has ${bytes} bytes, beyond the limit of ${limit} bytes`);
}
