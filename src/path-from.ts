import { resolve } from 'node:path';

/** A path as it reads from here, if a relative one starts in `folder`; as it is if there is no such folder. */
export function pathFrom(folder: string | undefined, path: string): string {
  return folder === undefined ? path : resolve(folder, path);
}
