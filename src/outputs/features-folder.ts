import { readdir, realpath } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { OutputError } from '../errors.js';
import { checkParent, statOrUndefined } from '../files/place.js';
import { attempt } from '../files/write-error.js';
import { INDEX } from './arrangement.js';
import { FORMATS } from './formats/registry.js';

const FOLDERS = Object.values(FORMATS).filter(({ features }) => features.arrangement.folder);
const SINGLE = Object.values(FORMATS).filter(({ features }) => features.maps && features.arrangement.streams);
const OURS = new RegExp(
  `^(stage\\d+\\.(${FOLDERS.map(({ name }) => name).join('|')})|${INDEX.replace('.', '\\.')})$`,
);
// The folders of a run in progress if the output folder is a mount point.
const PARTIALS: readonly string[] = ['.partial', '.partial.next', '.partial.gone'];

/**
 * Finds the absolute path of a folder for feature maps; a symbolic link to a folder is resolved.
 * @throws {OutputError} for a folder with anything else in it, a file of that name, or a missing or unwritable parent
 */
export function findFeaturesFolder(output: string): Promise<string> {
  return attempt(output, async () => {
    const path = resolve(output);
    const existing = await statOrUndefined(path);
    if (existing === undefined) {
      await checkParent(output, path);
      return path;
    }
    if (!existing.isDirectory()) throw notAFolder(output);
    const entries = await readdir(path, { withFileTypes: true });
    const foreign = entries.find(
      (entry) => !PARTIALS.includes(entry.name) && !(entry.isFile() && OURS.test(entry.name)),
    );
    if (foreign !== undefined) {
      throw new OutputError(`${output} holds ${foreign.name}, which halonet features did not write`, {
        hint: 'Choose another folder: it must be new, empty, or hold nothing but earlier features.',
      });
    }
    const real = await realpath(path);
    await checkParent(output, join(real, INDEX));
    await checkParent(output, real);
    return real;
  });
}

function notAFolder(output: string): OutputError {
  const formats = FOLDERS.map(({ title }) => title).join(' or ');
  const others = SINGLE.map(({ name }) => `--format ${name}`).join(' or ');
  return new OutputError(`${output} is a file, and features as ${formats} are a folder of files`, {
    hint: `Choose another name, or pass ${others}.`,
  });
}

/**
 * Lists the names of the feature files in a folder; none if there is no folder.
 * @throws the file system's error
 */
export async function featureFiles(folder: string): Promise<readonly string[]> {
  if ((await statOrUndefined(folder)) === undefined) return [];
  return (await readdir(folder)).filter((name) => OURS.test(name)).sort();
}
