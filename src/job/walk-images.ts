import { DECODABLE_EXTENSIONS } from '../images/extensions.js';
import { isImage } from '../images/is-image.js';
import type { Item } from '../item.js';
import type { PassedOver } from '../sources/passed-over.js';
import { itemsOf } from '../sources/registry.js';
import type { Source, WalkOptions } from '../sources/source.js';
import { STDIN } from '../sources/standard-input.js';

export interface WalkImagesOptions extends Pick<WalkOptions, 'stdin' | 'nul' | 'signal'> {
  readonly passedOver?: PassedOver | undefined; // counts anew from the first item on
  readonly sources?: readonly Source[] | undefined; // those of the registry when not given
}

/** The items that inputs lead to, of the formats that can be decoded. */
export async function* walkImages(
  inputs: readonly string[],
  { sources, signal, stdin, nul, passedOver }: WalkImagesOptions,
): AsyncGenerator<Item> {
  passedOver?.clear();
  const extensions = DECODABLE_EXTENSIONS;
  const onPassedOver = (path: string) => passedOver?.add(path);
  yield* itemsOf(inputs, { extensions, isImage, signal, stdin, nul, onPassedOver }, sources);
}

/** Counts the inputs that a job will see, for a progress display; undefined where they can be read only once. */
export async function countInputs(
  inputs: readonly string[],
  { signal, sources }: { readonly signal: AbortSignal; readonly sources?: readonly Source[] | undefined },
): Promise<number | undefined> {
  if (inputs.includes(STDIN)) return undefined;
  let count = 0;
  for await (const _ of walkImages(inputs, { signal, sources })) {
    signal.throwIfAborted();
    count++;
  }
  return count;
}
