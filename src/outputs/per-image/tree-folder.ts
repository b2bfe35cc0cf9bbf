import { opendir, realpath } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { OutputError } from '../../errors.js';
import { checkParent, isMountPoint, statOrUndefined } from '../../files/place.js';
import { attempt } from '../../files/write-error.js';
import { CHECKSUMS, INDEX } from '../arrangement.js';
import { readChecksums } from './checksums.js';
import { NameSet } from './name-set.js';

/**
 * Finds the absolute path of a folder for one array per image; a symbolic link to a folder is resolved.
 * @throws {OutputError} for a folder with anything in it that its checksums do not name, a mount point, a file of that name, or a
 *   missing or unwritable parent
 */
export function findTreeFolder(output: string): Promise<string> {
  return attempt(output, async () => {
    const path = resolve(output);
    const existing = await statOrUndefined(path);
    if (existing === undefined) {
      await checkParent(output, path);
      return path;
    }
    if (!existing.isDirectory()) {
      throw new OutputError(`${output} is a file, and --layout per-image writes a folder of files`, {
        hint: 'Choose another name.',
      });
    }
    await refuseForeignInTree(output, path);
    const real = await realpath(path);
    if (await isMountPoint(real)) {
      throw new OutputError(`${output} is a mount point, which a finished folder cannot replace as a whole`, {
        hint: `Name a folder in it: --output ${join(output, 'features')}`,
      });
    }
    await checkParent(output, real);
    await checkParent(output, join(real, INDEX));
    return real;
  });
}

/**
 * Refuses a folder with files of the user, which a new output would replace.
 * @throws {OutputError}; FormatError if its checksums are damaged; ReadFailure, or the file system's error
 */
export async function refuseForeignInTree(output: string, folder: string): Promise<void> {
  const own = new NameSet();
  for (const name of [INDEX, CHECKSUMS]) own.add(name);
  const checksums = join(folder, CHECKSUMS);
  const hasChecksums = (await statOrUndefined(checksums)) !== undefined;
  if (hasChecksums) for await (const { name } of readChecksums(checksums)) own.add(name);
  for await (const name of filesIn(folder)) {
    if (hasChecksums && own.has(name)) continue;
    throw new OutputError(
      `${output} holds ${name}, which halonet features --layout per-image did not write`,
      {
        hint: 'Choose another folder: it must be new, empty, or hold nothing but an earlier output of this layout.',
      },
    );
  }
}

/** Yields the names of all files under a folder, with forward slashes. */
async function* filesIn(folder: string, within = ''): AsyncGenerator<string> {
  for await (const entry of await opendir(join(folder, within))) {
    const name = within === '' ? entry.name : `${within}/${entry.name}`;
    if (entry.isDirectory()) yield* filesIn(folder, name);
    else yield name;
  }
}
