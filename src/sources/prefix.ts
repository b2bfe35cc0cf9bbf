import { extname } from 'node:path/posix';
import { BrokenPath } from '../file-item.js';
import { ImageRefusal } from '../refusal.js';
import { isHidden } from './archive.js';
import { ObjectItem } from './object.js';
import type { Source } from './source.js';

/**
 * All objects under a prefix, in the order of the listing: those with an image extension. Others are skipped, since telling what they
 * are would take a request for each, as are those that would be hidden in a folder.
 */
export const prefix: Source = {
  name: 'prefix of a bucket',
  takes: ({ found }) => found.kind === 'prefix',
  async *items({ name, path }, { storage, signal, extensions, onSkipped }) {
    try {
      for await (const { address, identity } of storage.list(path)) {
        signal?.throwIfAborted();
        if (isHidden(address.slice(path.length))) continue;
        if (extensions.has(extname(address).toLowerCase()))
          yield new ObjectItem(address, address, storage, identity);
        else onSkipped?.(address);
      }
    } catch (error) {
      if (!(error instanceof ImageRefusal)) throw error;
      yield new BrokenPath(name, error.failure); // the objects before still count
    }
  },
};
