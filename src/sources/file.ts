import { InputError } from '../errors.js';
import { FileItem } from '../file-item.js';
import { archived } from './signatures.js';
import type { Source } from './source.js';

const LIST = /\.(csv|tsv|jsonl|ndjson)$/i;

/** A file, whatever its extension. */
export const file: Source = {
  name: 'file',
  takes: ({ found }) => found.kind === 'file',
  async *items({ name, found }, { targets }) {
    yield new FileItem(name, { target: await targets.ofFound(name, found) });
  },
  async mistake({ name }) {
    if (LIST.test(name))
      return new InputError(`${name} is a list, not an image`, { hint: `Pass it with --from ${name}.` });
    return archived(name);
  },
};
