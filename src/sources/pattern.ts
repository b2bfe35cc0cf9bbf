import { expand } from 'brace-expansion';
import { glob, isDynamicPattern } from 'tinyglobby';
import { InputError } from '../errors.js';
import type { Source } from './source.js';

/**
 * A quoted pattern, as a shell would expand it: first its braces, such as `shard-{000..099}.tar`, into names that must exist, then
 * `*`, `**`, `?` and `[…]` into the paths that match, sorted by code unit. A path that exists under this very name comes first. Entries
 * of a list are paths, not patterns.
 */
export const pattern: Source = {
  name: 'pattern',
  takes: ({ name, found }) => found.kind === 'failed' && isPattern(name),
  typed: true,
  async *items({ name }, { follow, signal }) {
    for await (const path of matches(name, signal)) yield* follow(path);
  },
  async mistake({ name }) {
    for await (const _ of matches(name)) return undefined;
    return new InputError(`nothing matches the pattern ${name}`, {
      hint: 'Patterns are relative to the working directory; a folder takes no pattern: name it to search all of it.',
    });
  },
};

const isPattern = (name: string) => isDynamicPattern(name) || expand(name).length > 1;

const MAX_BRACES = 1_000_000; // names

async function* matches(name: string, signal?: AbortSignal): AsyncGenerator<string> {
  for (const one of expand(name, {
    max: MAX_BRACES,
    maxLength: Number.POSITIVE_INFINITY,
    maxSteps: Number.POSITIVE_INFINITY,
  })) {
    if (isDynamicPattern(one)) yield* await pathsLike(one, signal);
    else yield one;
  }
}

/** Returns the paths that match, which begin as the pattern does. Hidden ones need a dot in the pattern. */
async function pathsLike(name: string, signal: AbortSignal | undefined): Promise<readonly string[]> {
  const [start = ''] = /^(\.\/+)+/.exec(name) ?? [];
  const found = await glob(name.slice(start.length), {
    absolute: name.startsWith('/'),
    onlyFiles: false,
    expandDirectories: false,
    braceExpansion: false,
    ...(signal !== undefined && { signal }),
  });
  return found.map((path) => start + path.replace(/\/$/, '')).sort();
}
