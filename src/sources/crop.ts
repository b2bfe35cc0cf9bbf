import { type CropPath, cropPath } from '../crop.js';
import { brokenPath } from './broken-path.js';
import { cropped } from './cropped-item.js';
import { isMemberPath } from './member-path.js';
import type { Source } from './source.js';

/**
 * A part of an image, named as in rows: `photos/a.jpg#xywh=10,20,30,40`. Behind a folder or an archive, it is that part of each of its
 * images. A file of exactly this name comes first; a member of an archive of this name comes after the part of another.
 */
export const crop: Source = {
  name: 'part of an image',
  takes: ({ path, found }) =>
    (found.kind === 'failed' || found.kind === 'object') && cropPath(path) !== undefined,
  async *items({ path: given }, { follow, findInside }) {
    const { path, crop: part, fragment } = cropPath(given) as CropPath;
    for await (const item of follow(path)) {
      const exact = item.status === 'failed' && isMemberPath(path) ? await findInside(given) : undefined;
      yield exact === undefined || exact === 'missing' ? cropped(item, part, fragment) : exact;
    }
  },
  columns: ({ path }, { columnsOf }) => columnsOf((cropPath(path) as CropPath).path),
  async mistake(input, options) {
    const { path } = cropPath(input.path) as CropPath;
    if (isMemberPath(path) || input.found.kind === 'object') return undefined;
    return brokenPath.mistake?.({ ...input, path }, options);
  },
};
