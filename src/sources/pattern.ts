import { expand } from 'brace-expansion';
import { glob, isDynamicPattern } from 'tinyglobby';
import { isAddress, shownAddress } from '../address.js';
import { InputError } from '../errors.js';
import { isMemberPath } from './member-path.js';
import type { Source } from './source.js';

/**
 * A quoted pattern, as a shell would expand it: first its braces, such as `shard-{000..099}.tar`, into names that must exist, then
 * `*`, `**`, `?` and `[…]` into the paths that match, sorted by code unit; folders that match are walked, unless
 * the pattern has a `**`, which matches the files in them. A path that exists under this very name comes first. Entries
 * of a list are paths, not patterns.
 */
export const pattern: Source = {
  name: 'pattern',
  takes: ({ path, found }) => found.kind !== 'file' && found.kind !== 'folder' && isPattern(path),
  typed: true,
  async *items({ path }, { follow, signal }) {
    for await (const one of matches(path, signal)) yield* follow(one);
  },
  async columns({ path }, { columnsOf, signal }) {
    for await (const one of matches(path, signal)) return columnsOf(one); // others may have more, but reading all could take long
    return 'none';
  },
  async mistake({ name, path }) {
    for await (const _ of matches(path)) return undefined;
    return new InputError(`nothing matches the pattern ${name}`, {
      hint: 'Patterns are relative to the working directory; a folder takes no pattern: name it to search all of it.',
    });
  },
};

/** Names in archives and addresses are not matched; only braces are expanded in them. */
const isPattern = (name: string) =>
  isLiteral(name) ? expand(name).length > 1 : isDynamicPattern(name) || expand(name).length > 1;

const isLiteral = (name: string) => isMemberPath(name) || isAddress(name);

const MAX_BRACES = 100_000; // names

async function* matches(name: string, signal?: AbortSignal): AsyncGenerator<string> {
  for (const one of namesOf(name)) {
    if (isDynamicPattern(one) && !isLiteral(one)) yield* await pathsLike(one, signal);
    else yield one;
  }
}

/** @throws InputError if braces give too many names */
function namesOf(name: string): readonly string[] {
  const names = expand(name, {
    max: MAX_BRACES + 1,
    maxLength: Number.POSITIVE_INFINITY,
    maxSteps: Number.POSITIVE_INFINITY,
  });
  if (names.length <= MAX_BRACES) return names;
  throw new InputError(`the braces of ${shownAddress(name)} give more than ${MAX_BRACES} names`, {
    hint: 'Write the names to a file, and pass it with --from.',
  });
}

/** Returns the paths that match, which begin as the pattern does. Hidden ones need a dot in the pattern. */
async function pathsLike(name: string, signal: AbortSignal | undefined): Promise<readonly string[]> {
  const [start = ''] = /^(\.\/+)+/.exec(name) ?? [];
  const found = await glob(name.slice(start.length), {
    absolute: name.startsWith('/'),
    onlyFiles: name.includes('**'), // it matches what is in the folders too
    expandDirectories: false,
    braceExpansion: false,
    ...(signal !== undefined && { signal }),
  });
  return found.map((path) => start + path.replace(/\/$/, '')).sort();
}
