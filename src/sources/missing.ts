import { readdir, readlink, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { shownAddress } from '../address.js';
import { InputError } from '../errors.js';
import { correction } from '../spelling.js';

const MISSING = ['ENOENT', 'ENOTDIR', 'ENAMETOOLONG'];

/** Returns the error for an input on the command line that does not exist; undefined if it exists but cannot be reached. */
export async function missingInputError(input: string): Promise<InputError | undefined> {
  try {
    await stat(input);
    return undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code !== undefined && MISSING.includes(code) ? describeMissing(input) : undefined;
  }
}

const URL_SCHEME = /^([a-z][a-z0-9+.-]*):\/\//i;

/** Returns the protocol of an address that is not read: ftp; undefined for a path. */
export const otherProtocol = (input: string): string | undefined => URL_SCHEME.exec(input)?.[1];

async function describeMissing(input: string): Promise<InputError> {
  const protocol = otherProtocol(input);
  if (protocol !== undefined) {
    return new InputError(
      `${shownAddress(input)} is an address of ${protocol}, which halonet does not read`,
      {
        hint: 'Use an http, https or s3 address, or download the images first and name the folder that holds them.',
      },
    );
  }
  const leadsTo = await readlink(input).catch(() => undefined);
  if (leadsTo !== undefined)
    return new InputError(`${input} is a symbolic link to ${leadsTo}, which does not exist`);
  return new InputError(`no file or folder ${JSON.stringify(input)}`, {
    hint: await adviceFor(input),
  });
}

async function adviceFor(input: string): Promise<string> {
  if (/[*?[{]/.test(input)) {
    return 'A pattern without a match, or in quotes, is not expanded by the shell. Name the folder to search all of it.';
  }
  const folder = dirname(input);
  const names = await readdir(folder).catch(() => undefined);
  if (names === undefined) return `There is no folder ${JSON.stringify(folder)} either.`;
  const name = correction(basename(input), names);
  if (name === undefined) return 'Paths are relative to the working directory.';
  return `Did you mean ${folder === '.' && !input.startsWith('.') ? name : join(folder, name)}?`;
}
