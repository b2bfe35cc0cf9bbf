import { readdir, realpath, stat } from 'node:fs/promises';
import { extname, join, sep } from 'node:path';
import { HalonetError, type ImageFailure } from '../errors.js';
import { fileFailure } from '../file-failure.js';
import { type ListOptions, readList } from './list.js';

/** A path to decode, or an input that leads to none. */
export type InputItem =
  | { readonly status: 'found'; readonly path: string }
  | { readonly status: 'failed'; readonly path: string; readonly failure: ImageFailure };

export interface WalkOptions extends ListOptions {
  readonly extensions: ReadonlySet<string>; // lower case, with the dot: '.jpg'
  readonly stdin?: AsyncIterable<Buffer | string>; // what '-' reads
  readonly signal?: AbortSignal; // looked at for every item and every directory
}

const LOOP: ImageFailure = {
  code: 'symlink_loop',
  message: 'a symbolic link leads back to a folder that is being walked',
};

const NOT_UTF8: ImageFailure = { code: 'invalid_name', message: 'the name of the file is not valid UTF-8' };

/** A directory on the way down. */
interface Folder {
  readonly path: string; // as it is reported
  readonly real: string; // without symbolic links
  readonly above: readonly string[]; // real paths of the directories it was reached through
}

/**
 * The files that the inputs name, in order and one at a time:
 * - a file, whatever its extension;
 * - a directory: every file in it with one of the extensions (in any case), depth first, names sorted by code unit.
 *   Hidden files and folders are skipped, symbolic links followed;
 * - `-`: a list on standard input, each entry a file or a directory.
 *
 * What cannot be walked is an item too: a missing path, an unreadable folder, a link into a folder that is being
 * walked. Paths are reported as given, not made absolute. Only one directory per level is held in memory.
 *
 * @throws {HalonetError} for a list that cannot be read at all, or is none of paths
 * @throws the signal's reason when it aborts
 */
export async function* walkInputs(
  inputs: readonly string[],
  options: WalkOptions,
): AsyncGenerator<InputItem> {
  for (const input of inputs) {
    for await (const item of input === '-' ? walkList(options) : walkInput(input, options)) {
      options.signal?.throwIfAborted();
      yield item;
    }
    options.signal?.throwIfAborted(); // a list that the abort has cut short is not at its end
  }
}

async function* walkList(options: WalkOptions): AsyncGenerator<InputItem> {
  if (options.stdin === undefined) {
    yield { status: 'failed', path: '-', failure: { code: 'read_failed', message: 'no standard input' } };
    return;
  }
  try {
    for await (const { path, failure } of readList(options.stdin, options)) {
      if (failure === undefined) yield* walkInput(path, options);
      else yield { status: 'failed', path, failure };
    }
  } catch (error) {
    options.signal?.throwIfAborted(); // which closes standard input
    if (error instanceof HalonetError) throw error;
    // Standard input broke off: the paths before that count, and the break does not go unseen.
    yield { status: 'failed', path: '-', failure: fileFailure(error) };
  }
}

async function* walkInput(path: string, options: WalkOptions): AsyncGenerator<InputItem> {
  const target = await resolve(path);
  if (target.kind === 'folder') yield* walkFolder({ path, real: target.real, above: [] }, options);
  else if (target.kind === 'file') yield { status: 'found', path };
  else yield { status: 'failed', path, failure: target.failure };
}

async function* walkFolder(folder: Folder, options: WalkOptions): AsyncGenerator<InputItem> {
  if (folder.above.includes(folder.real)) {
    yield { status: 'failed', path: folder.path, failure: LOOP };
    return;
  }
  options.signal?.throwIfAborted();
  const listing = await list(folder.path);
  if (listing.status === 'failed') {
    yield { status: 'failed', path: folder.path, failure: listing.failure };
    return;
  }
  const above = [...folder.above, folder.real];
  for (const name of listing.names) {
    const path = within(folder.path, name);
    if (await isMangled(name, path)) {
      yield { status: 'failed', path, failure: NOT_UTF8 };
      continue;
    }
    if (listing.folders.has(name)) {
      yield* walkFolder({ path, real: join(folder.real, name), above }, options);
    } else if (listing.links.has(name)) {
      yield* walkLink(path, above, options);
    } else if (hasExtension(path, options.extensions)) {
      yield { status: 'found', path };
    }
  }
}

async function* walkLink(
  path: string,
  above: Folder['above'],
  options: WalkOptions,
): AsyncGenerator<InputItem> {
  const target = await resolve(path);
  const wanted = hasExtension(path, options.extensions);
  if (target.kind === 'folder') yield* walkFolder({ path, real: target.real, above }, options);
  else if (target.kind === 'file' && wanted) yield { status: 'found', path };
  // A broken link without an extension may have led to a folder of images.
  else if (target.kind === 'failed' && (wanted || extname(path) === '')) {
    yield { status: 'failed', path, failure: target.failure };
  }
}

type Target =
  | { readonly kind: 'folder'; readonly real: string }
  | { readonly kind: 'file' }
  | { readonly kind: 'failed'; readonly failure: ImageFailure };

/** What a path leads to, through symbolic links. */
async function resolve(path: string): Promise<Target> {
  try {
    if (!(await stat(path)).isDirectory()) return { kind: 'file' };
    return { kind: 'folder', real: await realpath(path) };
  } catch (error) {
    return { kind: 'failed', failure: fileFailure(error) };
  }
}

/** What a directory holds: names alone, since a folder of a million images is held while it is walked. */
type Listing =
  | {
      readonly status: 'listed';
      readonly names: readonly string[];
      readonly folders: ReadonlySet<string>; // of the names
      readonly links: ReadonlySet<string>;
    }
  | { readonly status: 'failed'; readonly failure: ImageFailure };

/** The entries of a directory that are not hidden, sorted by code unit, so that every machine has the same order. */
async function list(folder: string): Promise<Listing> {
  try {
    const entries = (await readdir(folder, { withFileTypes: true })).filter(
      ({ name }) => !name.startsWith('.'),
    );
    const namesOf = (kind: typeof entries) => kind.map(({ name }) => name);
    return {
      status: 'listed',
      names: namesOf(entries).sort(),
      folders: new Set(namesOf(entries.filter((entry) => entry.isDirectory()))),
      links: new Set(namesOf(entries.filter((entry) => entry.isSymbolicLink()))),
    };
  } catch (error) {
    return { status: 'failed', failure: fileFailure(error) };
  }
}

/** Whether Node replaced bytes of a name that are not UTF-8, so that the file cannot be reached by it. */
async function isMangled(name: string, path: string): Promise<boolean> {
  if (!name.includes('\uFFFD')) return false;
  const target = await resolve(path);
  return target.kind === 'failed' && target.failure.code === 'not_found';
}

function hasExtension(path: string, extensions: ReadonlySet<string>): boolean {
  return extensions.has(extname(path).toLowerCase());
}

/** Not `path.join`, which would rewrite the part that was given: `./photos`, `a/../b`. */
function within(folder: string, name: string): string {
  return folder.endsWith('/') || folder.endsWith(sep) ? `${folder}${name}` : `${folder}${sep}${name}`;
}
