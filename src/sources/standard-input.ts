import { shownAddress } from '../address.js';
import { HalonetError } from '../errors.js';
import { fileFailure } from '../file-failure.js';
import { BrokenPath } from '../file-item.js';
import { readList } from './list.js';
import type { Source } from './source.js';

/** The input that means a list on standard input. */
export const STDIN = '-';

/** A list on standard input: each entry is an input of its own. */
export const standardInput: Source = {
  name: 'list on standard input',
  takes: ({ name }) => name === STDIN,
  once: true,
  columns: async () => 'unknown',
  async *items(_, { stdin, nul, signal, follow }) {
    if (stdin === undefined) {
      yield new BrokenPath(STDIN, { code: 'read_failed', message: 'no standard input' });
      return;
    }
    try {
      for await (const { path, failure } of readList(stdin(), { nul })) {
        if (failure === undefined) yield* follow(path);
        else yield new BrokenPath(shownAddress(path), failure);
      }
    } catch (error) {
      signal?.throwIfAborted(); // an abort closes standard input
      if (error instanceof HalonetError) throw error;
      // Reading standard input failed: the paths so far count, and the failure becomes a row.
      yield new BrokenPath(STDIN, fileFailure(error));
    }
  },
};
