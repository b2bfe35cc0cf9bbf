import { FileItem } from '../file-item.js';
import { archived } from './archives.js';
import type { Source } from './source.js';

/** A file, whatever its extension. */
export const file: Source = {
  name: 'file',
  takes: ({ found }) => found.kind === 'file',
  async *items({ name, found }, { targets }) {
    const isLink = found.kind === 'file' && found.isLink;
    yield new FileItem(name, { target: await (isLink ? targets.ofLink(name) : targets.ofEntry(name)) });
  },
  mistake: ({ name }) => archived(name),
};
