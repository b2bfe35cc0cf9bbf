import { resolve } from 'node:path';
import { isAddress } from './address.js';

/** Resolves a path that may be relative to `folder`; returns an address, or any path if `folder` is undefined, unchanged. */
export function pathFrom(folder: string | undefined, path: string): string {
  return folder === undefined || isAddress(path) ? path : resolve(folder, path);
}
