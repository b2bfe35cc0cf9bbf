import { DECODABLE_EXTENSIONS } from '../images/extensions.js';
import { isImage } from '../images/is-image.js';
import type { InputItem } from '../item.js';
import type { PassedOver } from '../sources/passed-over.js';
import { walkInputs } from '../sources/walk.js';

/** The input that stands for a list on standard input. */
export const STDIN = '-';

export interface WalkImagesOptions {
  readonly signal?: AbortSignal | undefined;
  readonly stdin?: (() => AsyncIterable<Buffer | string>) | undefined; // called for the input - only
  readonly nul?: boolean | undefined; // only NULs end the paths on it
  readonly passedOver?: PassedOver; // counts anew from the first item on
}

/** The images that inputs lead to: `walkInputs` with the formats that can be decoded. */
export async function* walkImages(
  inputs: readonly string[],
  { signal, stdin, nul, passedOver }: WalkImagesOptions,
): AsyncGenerator<InputItem> {
  passedOver?.clear();
  yield* walkInputs(inputs, {
    extensions: DECODABLE_EXTENSIONS,
    isImage,
    ...(passedOver && { onPassedOver: (path) => passedOver.add(path) }),
    ...(stdin !== undefined && inputs.includes(STDIN) && { stdin: stdin(), nul }),
    ...(signal && { signal }),
  });
}
