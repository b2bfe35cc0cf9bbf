import { DECODABLE_EXTENSIONS } from '../images/extensions.js';
import { isImage, isImageHead } from '../images/is-image.js';
import type { Item } from '../item.js';
import { itemsOf } from '../sources/registry.js';
import { type Selection, selected } from '../sources/selection.js';
import type { SkippedFiles } from '../sources/skipped-files.js';
import type { Source, WalkOptions } from '../sources/source.js';

export interface WalkImagesOptions extends Pick<WalkOptions, 'stdin' | 'nul' | 'imageColumn' | 'signal'> {
  readonly skipped?: SkippedFiles | undefined; // reset at the start of the walk
  readonly selection?: Selection | undefined; // everything by default
  readonly sources?: readonly Source[] | undefined; // those of the registry by default
}

/** Yields the items that inputs lead to, in the formats that can be decoded. */
export async function* walkImages(
  inputs: readonly string[],
  { sources, selection = {}, imageColumn, signal, stdin, nul, skipped }: WalkImagesOptions,
): AsyncGenerator<Item> {
  skipped?.clear();
  const { extensions = DECODABLE_EXTENSIONS } = selection;
  const onSkipped = (path: string) => skipped?.add(path);
  yield* selected(
    itemsOf(
      inputs,
      { extensions, isImage, isImageHead, imageColumn, signal, stdin, nul, onSkipped },
      sources,
    ),
    selection,
  );
}
