import type { ImageFailure } from './errors.js';

/** Thrown if an item turns out to hold no usable image; `decodeImage` returns its failure. */
export class ImageRefusal extends Error {
  override readonly name = 'ImageRefusal';
  readonly failure: ImageFailure;

  constructor(code: ImageFailure['code'], message: string) {
    super(message);
    this.failure = { code, message };
  }
}
