import { BrokenPath } from '../file-item.js';
import { missingInputError } from './missing.js';
import type { Source } from './source.js';

/** A path that cannot be followed: a row with the reason, or a mistake if it is missing and named on the command line. */
export const brokenPath: Source = {
  name: 'path',
  takes: ({ found }) => found.kind === 'failed',
  async *items({ name, found }, { targets }) {
    if (found.kind !== 'failed') return;
    yield new BrokenPath(name, found.failure, await targets.ofEntry(name));
  },
  mistake: ({ name }) => missingInputError(name),
};
