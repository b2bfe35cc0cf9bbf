import { readdir } from 'node:fs/promises';
import { extname, join, sep } from 'node:path';
import type { ImageFailure } from '../errors.js';
import { fileFailure } from '../file-failure.js';
import { BrokenPath, FileItem } from '../file-item.js';
import type { Item } from '../item.js';
import { lookAt } from './path.js';
import type { Source, Walk, WalkOptions } from './source.js';

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
 * A folder: every file in it with the extension of an image (in any case), or with none and the bytes of an image, depth first,
 * names sorted by code unit. Hidden files and folders are skipped, symbolic links followed. Paths begin as the folder was given,
 * and are not made absolute. Only one folder per level is held in memory.
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
  const found = await lookAt(path);
  if (found.kind === 'folder') yield* walkFolder({ path, real: found.real, above }, walk);
  else if (found.kind === 'file') {
    if (await isWanted(path, walk)) yield new FileItem(path, { target: await targetOf(path, true, walk) });
  }
  // A broken link without an extension may have led to a folder of images.
  else if (hasExtension(path, walk) || extname(path) === '') {
    yield new BrokenPath(path, found.failure, await walk.targets.ofEntry(path));
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
  const found = await lookAt(path);
  return found.kind === 'failed' && found.failure.code === 'not_found';
}

function hasExtension(path: string, { extensions }: WalkOptions): boolean {
  return extensions.has(extname(path).toLowerCase());
}

/** Not `path.join`, which would rewrite the part that was given: `./photos`, `a/../b`. */
function within(folder: string, name: string): string {
  return folder.endsWith('/') || folder.endsWith(sep) ? `${folder}${name}` : `${folder}${sep}${name}`;
}
