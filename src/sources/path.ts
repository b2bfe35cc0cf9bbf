import { lstat, realpath, stat } from 'node:fs/promises';
import type { ImageFailure } from '../errors.js';
import { fileFailure } from '../file-failure.js';

/** What an input leads to: on a server, an object or all objects under a prefix, if they are there. */
export type FoundPath = LocalPath | { readonly kind: 'object' | 'prefix' };

/** What a path leads to, through symbolic links. */
export type LocalPath =
  | { readonly kind: 'folder'; readonly real: string } // without symbolic links
  | { readonly kind: 'file'; readonly isLink: boolean }
  | { readonly kind: 'failed'; readonly failure: ImageFailure };

/** @throws ShortageError if too many files are open */
export async function inspectPath(path: string): Promise<LocalPath> {
  try {
    const own = await lstat(path);
    const isLink = own.isSymbolicLink();
    if (!(isLink ? await stat(path) : own).isDirectory()) return { kind: 'file', isLink };
    return { kind: 'folder', real: await realpath(path) };
  } catch (error) {
    return { kind: 'failed', failure: fileFailure(error) };
  }
}
