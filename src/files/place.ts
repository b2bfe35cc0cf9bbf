import type { Stats } from 'node:fs';
import { access, constants, readlink, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { OutputError } from '../errors.js';
import { attempt, errorCode } from './write-error.js';

/** Where an output goes. Paths are absolute; a symbolic link to a file is resolved. */
export type Place =
  | { readonly kind: 'stdout' }
  | { readonly kind: 'device'; readonly path: string } // FIFO, /dev/null, `>(gzip)`: nothing to rename
  | { readonly kind: 'file'; readonly path: string };

const DESCRIPTOR = /^\/(dev\/(stderr|fd\/\d+)|proc\/(self|\d+)\/fd\/\d+)$/;

export function isStdout(output: string): boolean {
  return output === '-' || output === '/dev/stdout';
}

/**
 * Finds where an output file goes, and refuses unwritable places before any work is done.
 * @param extensions of the file names that a hint proposes
 * @throws {OutputError} for an existing file without `overwrite`, a folder, a missing or unwritable parent
 */
export function findPlace(
  output: string,
  overwrite: boolean,
  extensions: readonly string[] = ['.csv', '.npy'],
): Promise<Place> {
  return attempt(output, async () => {
    if (isStdout(output)) return { kind: 'stdout' };
    const path = resolve(output);
    if (DESCRIPTOR.test(path)) return { kind: 'device', path };
    const existing = await statOrUndefined(path);
    if (existing?.isDirectory() || /[/\\]$/.test(output)) {
      throw new OutputError(`${output} is a folder; expected a file`, {
        hint: `Name a file, such as ${extensions.map((extension) => nameBeside(output) + extension).join(' or ')}.`,
      });
    }
    if (existing !== undefined && !existing.isFile()) return { kind: 'device', path };
    if (existing !== undefined && !overwrite) throw alreadyExists(output);
    const place = existing === undefined ? await resolveLinks(path) : await realpath(path);
    await checkParent(output, place);
    return { kind: 'file', path: place };
  });
}

/** Returns the path of a folder without the separators at its end, so that an extension makes it the name of a file. */
function nameBeside(folder: string): string {
  const path = folder.replace(/[/\\]+$/, '');
  return /^\.*$/.test(basename(path)) ? join(folder, 'results') : path; // /, . and .. have no name
}

const MAX_LINKS = 40; // as Linux

/** Resolves the symbolic links of a path that may not exist, for example because the file is just being replaced. */
export async function resolveLinks(path: string): Promise<string> {
  let found = path;
  for (let links = 0; links < MAX_LINKS; links++) {
    const target = await readlink(found).catch(() => undefined); // not a link
    if (target === undefined) break;
    found = resolve(dirname(found), target);
  }
  return found;
}

/**
 * Returns a path without symbolic links, whose last part need not exist. A folder that does not exist is left as it is.
 * @throws the file system's error
 */
export async function withoutLinks(path: string): Promise<string> {
  const found = await resolveLinks(path);
  const folder = await realpath(dirname(found)).catch((error) => {
    if (['ENOENT', 'ENOTDIR'].includes(errorCode(error))) return dirname(found);
    throw error;
  });
  return join(folder, basename(found));
}

/**
 * Checks that a file can be created at `path`.
 * @param output the name for messages
 * @throws {OutputError} if the parent is missing, unwritable or not a folder
 * @throws the file system's error if its status cannot be read
 */
export async function checkParent(output: string, path: string): Promise<void> {
  const parent = dirname(path);
  const found = await statOrUndefined(parent);
  if (found === undefined) {
    throw new OutputError(`cannot write ${output}: the folder ${parent} does not exist`, {
      hint: `Create it first: mkdir -p '${parent}'`,
    });
  }
  if (!found.isDirectory()) {
    throw new OutputError(`cannot write ${output}: ${parent} is not a folder`, {
      hint: 'Choose another folder.',
    });
  }
  try {
    await access(parent, constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw new OutputError(`cannot write ${output}: no permission to write in ${parent}`, {
      cause,
      hint: 'Choose a folder that you may write in.',
    });
  }
}

/** @param otherwise what can be done besides replacing it */
export function alreadyExists(output: string, otherwise = ''): OutputError {
  return new OutputError(`${output} already exists`, {
    hint: `Pass ${otherwise}--overwrite to replace it, or choose another name.`,
  });
}

/**
 * Calls `stat`; returns undefined if nothing exists at `path`, or a parent is not a folder.
 * @throws the file system's error
 */
export async function statOrUndefined(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(errorCode(error))) return undefined;
    throw error;
  }
}

/** Returns whether a folder is a mount point: files cannot be renamed into it from outside. */
export async function isMountPoint(folder: string): Promise<boolean> {
  const deviceOf = async (path: string) => (await stat(path).catch(() => undefined))?.dev;
  const device = await deviceOf(folder);
  return device !== undefined && device !== (await deviceOf(dirname(folder)));
}
