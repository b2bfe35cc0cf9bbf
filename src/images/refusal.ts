import type { ImageFailure } from '../errors.js';

/** Thrown inside src/images where an image turns out to be unusable; `decodeImage` returns its failure. */
export class ImageRefusal extends Error {
  override readonly name = 'ImageRefusal';
  readonly failure: ImageFailure;

  constructor(code: ImageFailure['code'], message: string) {
    super(message);
    this.failure = { code, message };
  }
}
