import { FileItem } from '../file-item.js';
import { archived } from './archives.js';
import type { Source } from './source.js';

/** A file, whatever its extension. */
export const file: Source = {
  name: 'file',
  takes: ({ found }) => found.kind === 'file',
  async *items({ name, found }, { targets }) {
    yield new FileItem(name, { target: await targets.ofFound(name, found) });
  },
  mistake: ({ name }) => archived(name),
};
