import { stat } from 'node:fs/promises';
import type { ImageFailure } from '../errors.js';
import { FileItem } from '../file-item.js';
import type { FoundItem } from '../item.js';
import { pathFrom } from '../path-from.js';
import { STDIN } from './standard-input.js';
import { Targets } from './targets.js';

/**
 * Finds the items of rows that have failed, by their ids.
 *
 * @param folder where relative paths start; the working directory when not given
 */
export function itemsAgain(
  folder?: string | undefined,
): (id: string, failure: ImageFailure['code']) => Promise<FoundItem | undefined> {
  let targets: Promise<Targets> | undefined;
  return async (id, failure) => {
    const file = pathFrom(folder, id);
    if (id === STDIN || !(await isDecodable(file, failure))) return undefined; // standard input broke off
    targets ??= Targets.open();
    return new FileItem(id, { file, target: await (await targets).ofLink(file) });
  };
}

/**
 * Whether a path that has failed may be an image. It is none where it does not lead to the file that it was of, nor where
 * it is of a folder that could not be walked, which may be many images now.
 */
async function isDecodable(path: string, failure: ImageFailure['code']): Promise<boolean> {
  if (failure === 'invalid_name') return false;
  const found = await stat(path).catch(() => undefined);
  return failure === 'symlink_loop' ? (found?.isFile() ?? false) : !found?.isDirectory();
}
