import type { ImageFailure } from '../errors.js';
import { BrokenPath } from '../file-item.js';
import { isMemberPath, memberPath } from './member-path.js';
import type { Source } from './source.js';

const NOT_INSIDE: ImageFailure = {
  code: 'not_found',
  message: 'there is no such member of an archive, or row of a Parquet file',
};

/** A member of an archive, or a row of a Parquet file, named as in rows: `photos.tar/cats/1.jpg`, `photos.parquet/7`. */
export const member: Source = {
  name: 'member of an archive',
  takes: ({ name, found }) => found.kind === 'failed' && isMemberPath(name),
  async columns({ name }, { columnsOf }) {
    const inside = await memberPath(name);
    return inside === undefined || inside === 'gone' ? 'none' : columnsOf(inside.name);
  },
  async *items({ name, found }, { findInside, targets }) {
    if (found.kind !== 'failed') return;
    const item = await findInside(name);
    if (item !== undefined && item !== 'missing') yield item;
    else
      yield new BrokenPath(
        name,
        item === undefined ? found.failure : NOT_INSIDE,
        await targets.ofEntry(name),
      );
  },
};
