import { readdir } from 'node:fs/promises';
import { extname, join, sep } from 'node:path';
import type { ImageFailure } from '../errors.js';
import { fileFailure } from '../file-failure.js';
import { BrokenPath, FileItem } from '../file-item.js';
import type { Item } from '../item.js';
import { inspectPath } from './path.js';
import type { Source, Walk, WalkOptions } from './source.js';

const LOOP: ImageFailure = {
  code: 'symlink_loop',
  message: 'a symbolic link leads back to a folder that is being walked',
};

const NOT_UTF8: ImageFailure = { code: 'invalid_name', message: 'the name of the file is not valid UTF-8' };

/** A directory being walked. */
interface Folder {
  readonly path: string; // as reported
  readonly real: string; // without symbolic links
  readonly above: readonly string[]; // real paths of the directories above it in the walk
}

/**
 * A folder: every file in it with an image extension (in any case), or without an extension but with the bytes of an image,
 * depth first, names sorted by code unit. Hidden files and folders are skipped; symbolic links are followed. Paths begin with
 * the folder as given, and are not made absolute. Memory holds only one folder per level.
 */
export const folder: Source = {
  name: 'folder',
  takes: ({ found }) => found.kind === 'folder',
  async *items({ name, found }, walk) {
    if (found.kind === 'folder') yield* walkFolder({ path: name, real: found.real, above: [] }, walk);
  },
};

async function* walkFolder(folder: Folder, walk: Walk): AsyncGenerator<Item> {
  const target = walk.targets.ofReal(folder.real);
  if (folder.above.includes(folder.real)) {
    yield new BrokenPath(folder.path, LOOP, target);
    return;
  }
  walk.signal?.throwIfAborted();
  const listing = await list(folder.path);
  if (listing.status === 'failed') {
    yield new BrokenPath(folder.path, listing.failure, target);
    return;
  }
  const above = [...folder.above, folder.real];
  for (const name of listing.names) {
    const path = within(folder.path, name);
    if (await isMangled(name, path)) {
      yield new BrokenPath(path, NOT_UTF8, join(target, name));
    } else if (listing.folders.has(name)) {
      yield* walkFolder({ path, real: join(folder.real, name), above }, walk);
    } else if (listing.links.has(name)) {
      yield* walkLink(path, above, walk);
    } else if (await isWanted(path, walk)) {
      yield new FileItem(path, { target: join(target, name) });
    }
  }
}

async function* walkLink(path: string, above: Folder['above'], walk: Walk): AsyncGenerator<Item> {
  const found = await inspectPath(path);
  if (found.kind === 'folder') yield* walkFolder({ path, real: found.real, above }, walk);
  else if (found.kind === 'file') {
    if (await isWanted(path, walk)) yield new FileItem(path, { target: await walk.targets.ofLink(path) });
  }
  // A broken link without an extension may have led to a folder of images.
  else if (hasExtension(path, walk) || extname(path) === '') {
    yield new BrokenPath(path, found.failure, await walk.targets.ofEntry(path));
  }
}

/** Returns whether to treat a file in a folder as an image; reports other files to `onSkipped`. */
async function isWanted(path: string, walk: Walk): Promise<boolean> {
  if (hasExtension(path, walk)) return true;
  if (extname(path) === '' && (await walk.isImage?.(path))) return true;
  walk.onSkipped?.(path);
  return false;
}

/** The contents of a directory: names only, because a folder of a million images stays in memory while it is walked. */
type Listing =
  | {
      readonly status: 'listed';
      readonly names: readonly string[];
      readonly folders: ReadonlySet<string>; // a subset of the names
      readonly links: ReadonlySet<string>;
    }
  | { readonly status: 'failed'; readonly failure: ImageFailure };

/** Lists the entries of a directory that are not hidden, sorted by code unit: the same order on every machine. */
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

/** Returns whether a name was not UTF-8, and Node's replacement characters in it make the file unreachable. */
async function isMangled(name: string, path: string): Promise<boolean> {
  if (!name.includes('\uFFFD')) return false;
  const found = await inspectPath(path);
  return found.kind === 'failed' && found.failure.code === 'not_found';
}

function hasExtension(path: string, { extensions }: WalkOptions): boolean {
  return extensions.has(extname(path).toLowerCase());
}

/** Joins paths without `path.join`, which would normalise the part that was given: `./photos`, `a/../b`. */
function within(folder: string, name: string): string {
  return folder.endsWith('/') || folder.endsWith(sep) ? `${folder}${name}` : `${folder}${sep}${name}`;
}
