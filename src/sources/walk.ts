import { lstat, readdir, realpath, stat } from 'node:fs/promises';
import { extname, join, sep } from 'node:path';
import { HalonetError, type ImageFailure } from '../errors.js';
import { fileFailure } from '../file-failure.js';
import type { InputItem } from '../item.js';
import { type ListOptions, readList } from './list.js';
import { Targets } from './targets.js';

export interface WalkOptions extends ListOptions {
  readonly extensions: ReadonlySet<string>; // lower case, with the dot: '.jpg'
  readonly isImage?: (path: string) => Promise<boolean>; // looks into a file without an extension
  readonly onPassedOver?: (path: string) => void; // told of each file in a folder that is not taken for an image
  readonly stdin?: AsyncIterable<Buffer | string>; // what '-' reads
  readonly signal?: AbortSignal; // looked at for every item and every directory
}

/** A walk under way. */
interface Walk extends WalkOptions {
  readonly targets: Targets;
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
 * - a directory: every file in it with one of the extensions (in any case), or with none and the bytes of an image, depth
 *   first, names sorted by code unit. Hidden files and folders are skipped, symbolic links followed;
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
  const walk: Walk = { ...options, targets: await Targets.open() };
  for (const input of inputs) {
    for await (const item of input === '-' ? walkList(walk) : walkInput(input, walk)) {
      walk.signal?.throwIfAborted();
      yield item;
    }
    walk.signal?.throwIfAborted(); // a list that the abort has cut short is not at its end
  }
}

async function* walkList(walk: Walk): AsyncGenerator<InputItem> {
  if (walk.stdin === undefined) {
    yield { status: 'failed', path: '-', failure: { code: 'read_failed', message: 'no standard input' } };
    return;
  }
  try {
    for await (const { path, failure } of readList(walk.stdin, walk)) {
      if (failure === undefined) yield* walkInput(path, walk);
      else yield { status: 'failed', path, failure };
    }
  } catch (error) {
    walk.signal?.throwIfAborted(); // which closes standard input
    if (error instanceof HalonetError) throw error;
    // Standard input broke off: the paths before that count, and the break does not go unseen.
    yield { status: 'failed', path: '-', failure: fileFailure(error) };
  }
}

async function* walkInput(path: string, walk: Walk): AsyncGenerator<InputItem> {
  const found = await resolve(path);
  if (found.kind === 'folder') yield* walkFolder({ path, real: found.real, above: [] }, walk);
  else if (found.kind === 'file') yield image(path, await targetOf(path, found.isLink, walk));
  else yield failed(path, found.failure, await walk.targets.ofEntry(path));
}

async function* walkFolder(folder: Folder, walk: Walk): AsyncGenerator<InputItem> {
  const target = walk.targets.ofReal(folder.real);
  if (folder.above.includes(folder.real)) {
    yield failed(folder.path, LOOP, target);
    return;
  }
  walk.signal?.throwIfAborted();
  const listing = await list(folder.path);
  if (listing.status === 'failed') {
    yield failed(folder.path, listing.failure, target);
    return;
  }
  const above = [...folder.above, folder.real];
  for (const name of listing.names) {
    const path = within(folder.path, name);
    if (await isMangled(name, path)) {
      yield failed(path, NOT_UTF8, join(target, name));
    } else if (listing.folders.has(name)) {
      yield* walkFolder({ path, real: join(folder.real, name), above }, walk);
    } else if (listing.links.has(name)) {
      yield* walkLink(path, above, walk);
    } else if (await isWanted(path, walk)) {
      yield image(path, join(target, name));
    }
  }
}

async function* walkLink(path: string, above: Folder['above'], walk: Walk): AsyncGenerator<InputItem> {
  const found = await resolve(path);
  if (found.kind === 'folder') yield* walkFolder({ path, real: found.real, above }, walk);
  else if (found.kind === 'file') {
    if (await isWanted(path, walk)) yield image(path, await targetOf(path, true, walk));
  }
  // A broken link without an extension may have led to a folder of images.
  else if (hasExtension(path, walk) || extname(path) === '') {
    yield failed(path, found.failure, await walk.targets.ofEntry(path));
  }
}

/** Whether a file in a folder is taken for an image; of one that is not, the walk tells. */
async function isWanted(path: string, walk: Walk): Promise<boolean> {
  if (hasExtension(path, walk)) return true;
  if (extname(path) === '' && (await walk.isImage?.(path))) return true;
  walk.onPassedOver?.(path);
  return false;
}

const targetOf = (path: string, isLink: boolean, { targets }: Walk) =>
  isLink ? targets.ofLink(path) : targets.ofEntry(path);

const image = (path: string, target: string): InputItem => ({
  status: 'found',
  path,
  ...unlessSame(path, target),
});

const failed = (path: string, failure: ImageFailure, target: string): InputItem => ({
  status: 'failed',
  path,
  failure,
  ...unlessSame(path, target),
});

const unlessSame = (path: string, target: string) => (target === path ? {} : { target });

type Found =
  | { readonly kind: 'folder'; readonly real: string }
  | { readonly kind: 'file'; readonly isLink: boolean }
  | { readonly kind: 'failed'; readonly failure: ImageFailure };

/** What stands at a path, through symbolic links. */
async function resolve(path: string): Promise<Found> {
  try {
    const own = await lstat(path);
    const isLink = own.isSymbolicLink();
    if (!(isLink ? await stat(path) : own).isDirectory()) return { kind: 'file', isLink };
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
  const found = await resolve(path);
  return found.kind === 'failed' && found.failure.code === 'not_found';
}

function hasExtension(path: string, { extensions }: WalkOptions): boolean {
  return extensions.has(extname(path).toLowerCase());
}

/** Not `path.join`, which would rewrite the part that was given: `./photos`, `a/../b`. */
function within(folder: string, name: string): string {
  return folder.endsWith('/') || folder.endsWith(sep) ? `${folder}${name}` : `${folder}${sep}${name}`;
}
