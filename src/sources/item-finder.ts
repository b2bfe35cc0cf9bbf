import { stat } from 'node:fs/promises';
import type { ImageFailure } from '../errors.js';
import { FileItem } from '../file-item.js';
import type { FoundItem } from '../item.js';
import { pathFrom } from '../path-from.js';
import { STDIN } from './standard-input.js';
import { Targets } from './targets.js';

/**
 * Returns a function that finds the items of failed rows by their ids.
 *
 * @param folder base of relative paths; the working directory by default
 */
export function itemFinder(
  folder?: string | undefined,
): (id: string, failure: ImageFailure['code']) => Promise<FoundItem | undefined> {
  let targets: Promise<Targets> | undefined;
  return async (id, failure) => {
    const file = pathFrom(folder, id);
    if (id === STDIN || !(await isDecodable(file, failure))) return undefined; // reading standard input failed
    targets ??= Targets.open();
    return new FileItem(id, { file, target: await (await targets).ofLink(file) });
  };
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
