import { stat } from 'node:fs/promises';
import { pathFrom } from '../path-from.js';
import { type ArchiveFormat, isNamedAs } from './archive.js';
import { ARCHIVE_FORMATS } from './archive-formats.js';

/** The member of an archive that a path such as `photos.tar/cats/1.jpg` names. */
export interface MemberPath {
  readonly format: ArchiveFormat;
  readonly name: string; // of the archive, as given
  readonly path: string; // to open it
  readonly member: string; // its name
}

/** Returns whether a path may name a member of an archive. */
export const isMemberPath = (path: string): boolean =>
  ARCHIVE_FORMATS.some(({ extension }) => path.toLowerCase().includes(`${extension}/`));

/**
 * Returns what a path names in an archive; undefined if it names nothing there. `gone` if it may have named a member of an archive
 * that is no file any more: the name of a member is never used as a path.
 *
 * @param folder base of relative paths; the working directory by default
 */
export async function memberPath(id: string, folder?: string): Promise<MemberPath | 'gone' | undefined> {
  for (let slash = id.indexOf('/'); slash !== -1; slash = id.indexOf('/', slash + 1)) {
    const name = id.slice(0, slash);
    const format = ARCHIVE_FORMATS.find((one) => isNamedAs(one, name));
    if (format === undefined) continue;
    const path = pathFrom(folder, name);
    const found = await stat(path).catch(() => undefined);
    const member = id.slice(slash + 1);
    if (found?.isFile()) return { format, name, path, member };
    if (!found?.isDirectory() || member.split('/').includes('..')) return 'gone';
  }
  return undefined;
}
