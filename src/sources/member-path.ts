import { stat } from 'node:fs/promises';
import { isAddress, shownAddress } from '../address.js';
import { pathFrom } from '../path-from.js';
import { ImageRefusal } from '../refusal.js';
import { type ArchiveFormat, isNamedAs } from './archive-format.js';
import { ARCHIVE_FORMATS } from './archive-formats.js';
import { memberName } from './member-name.js';
import { isNamedAsParquet, PARQUET } from './parquet.js';
import type { Storage } from './storage.js';

/** What a path such as `photos.tar/cats/1.jpg` or `photos.parquet/7` names inside a file. */
export interface MemberPath {
  readonly format: ArchiveFormat | undefined; // undefined for a Parquet file
  readonly name: string; // of the file, as ids have it
  readonly path: string; // to open it
  readonly member: string; // the name of the member, or the number of the row
}

/** Returns whether a path may name something inside a file. */
export const isMemberPath = (path: string): boolean =>
  [...ARCHIVE_FORMATS.flatMap(({ extensions }) => extensions), PARQUET].some((extension) =>
    (isAddress(path) ? path.replace(/\?[^/]*(?=\/)/g, '') : path).toLowerCase().includes(`${extension}/`),
  );

/**
 * Returns what a path names inside a file; undefined if it names nothing there. `gone` if it may have named something in a
 * file that is gone: the name of a member is never used as a path.
 *
 * @param folder base of relative paths; the working directory by default
 */
export async function memberPath(
  id: string,
  storage: Storage,
  folder?: string,
): Promise<MemberPath | 'gone' | undefined> {
  for (let slash = id.indexOf('/'); slash !== -1; slash = id.indexOf('/', slash + 1)) {
    const name = id.slice(0, slash);
    const format = ARCHIVE_FORMATS.find((one) => isNamedAs(one, name));
    if (format === undefined && !isNamedAsParquet(name)) continue;
    const member = memberName({ name: id.slice(slash + 1) });
    if (isAddress(name)) {
      if (await isMissing(name, storage)) continue; // its folders may have such names
      return { format, name: shownAddress(name), path: name, member };
    }
    const path = pathFrom(folder, name);
    const found = await stat(path).catch(() => undefined);
    if (found?.isFile()) return { format, name, path, member };
    if (!found?.isDirectory() || member.split('/').includes('..')) return 'gone';
  }
  return undefined;
}

async function isMissing(address: string, storage: Storage): Promise<boolean> {
  try {
    await storage.openArchive(address);
    return false;
  } catch (error) {
    if (!(error instanceof ImageRefusal)) throw error;
    return error.failure.code === 'not_found';
  }
}
