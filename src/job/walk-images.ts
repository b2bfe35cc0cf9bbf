import { DECODABLE_EXTENSIONS } from '../images/extensions.js';
import { isImage } from '../images/is-image.js';
import type { Item } from '../item.js';
import type { PassedOver } from '../sources/passed-over.js';
import { itemsOf } from '../sources/registry.js';
import type { Source, WalkOptions } from '../sources/source.js';

export interface WalkImagesOptions extends Pick<WalkOptions, 'stdin' | 'nul' | 'signal'> {
  readonly passedOver?: PassedOver | undefined; // reset at the start of the walk
  readonly sources?: readonly Source[] | undefined; // those of the registry by default
}

/** Yields the items that inputs lead to, in the formats that can be decoded. */
export async function* walkImages(
  inputs: readonly string[],
  { sources, signal, stdin, nul, passedOver }: WalkImagesOptions,
): AsyncGenerator<Item> {
  passedOver?.clear();
  const extensions = DECODABLE_EXTENSIONS;
  const onPassedOver = (path: string) => passedOver?.add(path);
  yield* itemsOf(inputs, { extensions, isImage, signal, stdin, nul, onPassedOver }, sources);
}
