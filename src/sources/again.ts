import { stat } from 'node:fs/promises';
import type { ImageFailure } from '../errors.js';
import { FileItem } from '../file-item.js';
import type { FoundItem } from '../item.js';
import { STDIN } from './standard-input.js';
import { Targets } from './targets.js';

/** Finds the items of rows that have failed, by their ids. */
export function itemsAgain(): (id: string, failure: ImageFailure['code']) => Promise<FoundItem | undefined> {
  let targets: Promise<Targets> | undefined;
  return async (id, failure) => {
    if (!(await isDecodable(id, failure))) return undefined;
    targets ??= Targets.open();
    return new FileItem(id, { target: await (await targets).ofLink(id) });
  };
}

/**
 * Whether a path that has failed may be an image. It is none where it does not lead to the file that it was of, nor where
 * it is of a folder that could not be walked, which may be many images now.
 */
async function isDecodable(path: string, failure: ImageFailure['code']): Promise<boolean> {
  if (failure === 'invalid_name' || path === STDIN) return false; // standard input broke off
  const found = await stat(path).catch(() => undefined);
  return failure === 'symlink_loop' ? (found?.isFile() ?? false) : !found?.isDirectory();
}
