import type { ImageFailure } from '../errors.js';
import { BrokenPath } from '../file-item.js';
import { isMemberPath, memberPath } from './member-path.js';
import { ObjectItem } from './object.js';
import type { Source } from './source.js';

const NOT_INSIDE: ImageFailure = {
  code: 'not_found',
  message: 'there is no such member of an archive, or row of a Parquet file',
};

/** A member of an archive, or a row of a Parquet file, named as in rows: `photos.tar/cats/1.jpg`, `photos.parquet/7`. */
export const member: Source = {
  name: 'member of an archive',
  takes: ({ path, found }) => (found.kind === 'failed' || found.kind === 'object') && isMemberPath(path),
  async columns({ path }, { columnsOf, storage }) {
    const inside = await memberPath(path, storage);
    return inside === undefined || inside === 'gone' ? 'none' : columnsOf(inside.path);
  },
  async *items({ name, path, found }, { findInside, targets, storage }) {
    const item = await findInside(path);
    if (item !== undefined && item !== 'missing') yield item;
    else if (item === undefined && found.kind === 'object') yield new ObjectItem(name, path, storage);
    else
      yield new BrokenPath(
        name,
        item === undefined && found.kind === 'failed' ? found.failure : NOT_INSIDE,
        await targets.ofEntry(path),
      );
  },
};
