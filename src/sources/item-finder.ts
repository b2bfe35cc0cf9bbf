import { stat } from 'node:fs/promises';
import type { ImageFailure } from '../errors.js';
import type { FileIdentity } from '../file-identity.js';
import { FileItem } from '../file-item.js';
import type { FoundItem } from '../item.js';
import { pathFrom } from '../path-from.js';
import { STDIN } from './standard-input.js';
import { findMember, isTarName } from './tar.js';
import { Targets } from './targets.js';

/**
 * Returns a function that finds the items of failed rows by their ids.
 *
 * @param folder base of relative paths; the working directory by default
 */
export function itemFinder(
  folder?: string | undefined,
): (
  id: string,
  failure: ImageFailure['code'],
  identity: FileIdentity | undefined,
) => Promise<FoundItem | undefined> {
  let targets: Promise<Targets> | undefined;
  return async (id, failure, identity) => {
    const archive = await archiveIn(id, folder);
    if (archive !== undefined) {
      targets ??= Targets.open();
      const target = await (await targets).ofLink(archive.path);
      return findMember({ ...archive, target }, archive.member, identity);
    }
    const file = pathFrom(folder, id);
    if (id === STDIN || !(await isDecodable(file, failure))) return undefined; // reading standard input failed
    targets ??= Targets.open();
    return new FileItem(id, { file, target: await (await targets).ofLink(file) });
  };
}

/** Returns the archive that an id names a member of; undefined if it names none. */
async function archiveIn(id: string, folder: string | undefined) {
  for (let slash = id.indexOf('/'); slash !== -1; slash = id.indexOf('/', slash + 1)) {
    const name = id.slice(0, slash);
    if (!isTarName(name)) continue;
    const path = pathFrom(folder, name);
    const found = await stat(path).catch(() => undefined);
    if (found?.isFile()) return { name, path, member: id.slice(slash + 1) };
  }
  return undefined;
}

/**
 * Returns whether the path of a failed row may be an image. An invalid name does not lead to the original file. A folder that
 * could not be walked may now hold many images.
 */
async function isDecodable(path: string, failure: ImageFailure['code']): Promise<boolean> {
  if (failure === 'invalid_name') return false;
  const found = await stat(path).catch(() => undefined);
  return failure === 'symlink_loop' ? (found?.isFile() ?? false) : !found?.isDirectory();
}
