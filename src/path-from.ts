import { resolve } from 'node:path';

/** Resolves a path that may be relative to `folder`; returns it unchanged if `folder` is undefined. */
export function pathFrom(folder: string | undefined, path: string): string {
  return folder === undefined ? path : resolve(folder, path);
}
