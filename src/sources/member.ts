import type { ImageFailure } from '../errors.js';
import { BrokenPath } from '../file-item.js';
import { isMemberPath } from './member-path.js';
import type { Source } from './source.js';

const NO_MEMBER: ImageFailure = { code: 'not_found', message: 'there is no such member of an archive' };

/** A member of an archive, named as in rows: `photos.tar/cats/1.jpg`. */
export const member: Source = {
  name: 'member of an archive',
  takes: ({ name, found }) => found.kind === 'failed' && isMemberPath(name),
  async *items({ name }, { findMember, targets }) {
    yield (await findMember(name)) ?? new BrokenPath(name, NO_MEMBER, await targets.ofEntry(name));
  },
};
