import { DECODABLE_EXTENSIONS } from '../images/extensions.js';
import { isImage, isImageHead } from '../images/is-image.js';
import type { Item } from '../item.js';
import { columnsOf, itemsOf } from '../sources/registry.js';
import { type Selection, selected } from '../sources/selection.js';
import type { Source, WalkOptions } from '../sources/source.js';
import type { WalkCounts } from '../sources/walk-counts.js';

/** What to walk. */
export interface ImageWalk extends Pick<WalkOptions, 'list' | 'imageColumn' | 'storage' | 'columns'> {
  readonly inputs: readonly string[]; // files, folders, archives, patterns, '-' for a list on stdin
  readonly sources?: readonly Source[] | undefined; // kinds of input; those of the registry by default
  readonly selection?: Selection | undefined; // of the items that they lead to; all by default
}

export interface WalkImagesOptions extends Pick<WalkOptions, 'stdin' | 'nul' | 'signal' | 'onNote'> {
  readonly counts?: WalkCounts | undefined; // reset at the start of the walk
}

/** Yields the items that inputs lead to, in the formats that can be decoded. */
export async function* walkImages(images: ImageWalk, options: WalkImagesOptions): AsyncGenerator<Item> {
  const { inputs, sources, selection = {} } = images;
  options.counts?.clear();
  yield* selected(itemsOf(inputs, walkOptions(images, options), sources), selection);
}

/**
 * Returns the columns that the items of each input bring.
 *
 * @throws {HalonetError} for a list that cannot be read at all, or is not a list of paths
 */
export function columnsOfImages(
  images: ImageWalk,
  { signal }: Pick<WalkImagesOptions, 'signal'>,
): ReturnType<typeof columnsOf> {
  return columnsOf(images.inputs, walkOptions(images, { signal }), images.sources);
}

function walkOptions(images: ImageWalk, options: WalkImagesOptions): WalkOptions {
  const {
    list,
    imageColumn,
    storage,
    columns,
    selection: { extensions = DECODABLE_EXTENSIONS } = {},
  } = images;
  const { signal, stdin, nul, onNote, counts } = options;
  const onSkipped = (path: string) => counts?.addSkipped(path);
  const onCount: WalkOptions['onCount'] = (term, count) => counts?.add(term, count);
  const read = { list, imageColumn, storage, columns, extensions, isImage, isImageHead, onSkipped, onCount };
  return { ...read, signal, stdin, nul, onNote };
}
