import { type CropPath, cropPath } from '../crop.js';
import { cropped } from './cropped-item.js';
import { isMemberPath } from './member-path.js';
import { missingInputError } from './missing.js';
import type { Source } from './source.js';

/**
 * A part of an image, named as in rows: `photos/a.jpg#xywh=10,20,30,40`. Behind a folder or an archive, it is that part of each of its
 * images. A file of exactly this name comes first; a member of an archive of this name comes after the part of another.
 */
export const crop: Source = {
  name: 'part of an image',
  takes: ({ name, found }) => found.kind === 'failed' && cropPath(name) !== undefined,
  async *items({ name }, { follow, findInside }) {
    const { path, crop: part, fragment } = cropPath(name) as CropPath;
    for await (const item of follow(path)) {
      const exact = item.status === 'failed' && isMemberPath(path) ? await findInside(name) : undefined;
      yield exact === undefined || exact === 'missing' ? cropped(item, part, fragment) : exact;
    }
  },
  columns: ({ name }, { columnsOf }) => columnsOf((cropPath(name) as CropPath).path),
  async mistake({ name }) {
    const { path } = cropPath(name) as CropPath;
    return isMemberPath(path) ? undefined : missingInputError(path);
  },
};
