import { DECODABLE_EXTENSIONS } from '../images/extensions.js';
import { isImage, isImageHead } from '../images/is-image.js';
import type { Item } from '../item.js';
import { itemsOf } from '../sources/registry.js';
import { type Selection, selected } from '../sources/selection.js';
import type { SkippedFiles } from '../sources/skipped-files.js';
import type { Source, WalkOptions } from '../sources/source.js';

/** What to walk. */
export interface ImageWalk extends Pick<WalkOptions, 'list' | 'imageColumn' | 'storage'> {
  readonly inputs: readonly string[]; // files, folders, archives, patterns, '-' for a list on stdin
  readonly sources?: readonly Source[] | undefined; // kinds of input; those of the registry by default
  readonly selection?: Selection | undefined; // of the items that they lead to; all by default
}

export interface WalkImagesOptions extends Pick<WalkOptions, 'stdin' | 'nul' | 'signal'> {
  readonly skipped?: SkippedFiles | undefined; // reset at the start of the walk
}

/** Yields the items that inputs lead to, in the formats that can be decoded. */
export async function* walkImages(
  { inputs, sources, selection = {}, list, imageColumn, storage }: ImageWalk,
  { signal, stdin, nul, skipped }: WalkImagesOptions,
): AsyncGenerator<Item> {
  skipped?.clear();
  const { extensions = DECODABLE_EXTENSIONS } = selection;
  const onSkipped = (path: string) => skipped?.add(path);
  const read = { isImage, isImageHead, onSkipped, extensions };
  const options = { list, imageColumn, storage, signal, stdin, nul, ...read };
  yield* selected(itemsOf(inputs, options, sources), selection);
}
