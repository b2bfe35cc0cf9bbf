import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { errorCode, reading } from '../files/write-error.js';
import { writeSynced } from '../files/write-synced.js';
import { PARTIAL, type RunPlace, relativePath } from './run-place.js';

/** What the folder of an output in progress says if another output of its run leads. */
export interface Member {
  readonly lead: string; // absolute path of the leading output
  readonly leadFolder: string; // absolute path of its folder in progress, which holds the journal
  readonly started: string; // as in the header of that journal
}

/** As in the file: paths are relative to the output's folder, so that a run can be moved as a whole. */
interface StoredMember extends Member {
  readonly halonet: 2;
}

/** Writes the file that tells whose a folder is, on disk except for its name. @throws the file system's error */
export async function writeMember(place: RunPlace, lead: RunPlace, started: string): Promise<void> {
  const stored: StoredMember = {
    halonet: 2,
    lead: relativePath(place, lead.path),
    leadFolder: relativePath(place, lead.partial),
    started,
  };
  await writeSynced(join(place.partial, PARTIAL.member), Buffer.from(`${JSON.stringify(stored)}\n`));
}

/**
 * Reads whose a folder in progress is.
 *
 * @param folder of the output in progress, or one that it is based on
 * @returns undefined if it is no member's, or a crash left too little of the file: the journal is written after it
 * @throws {ReadFailure}
 */
export async function readMember(
  { path }: Pick<RunPlace, 'path'>,
  folder: string,
): Promise<Member | undefined> {
  const text = await reading(() =>
    readFile(join(folder, PARTIAL.member), 'utf8').catch((error) => {
      if (errorCode(error) === 'ENOENT') return '';
      throw error;
    }),
  );
  try {
    const { lead, leadFolder, started } = JSON.parse(text) as StoredMember;
    const absolute = (relative: string) => resolve(dirname(path), relative);
    return { lead: absolute(lead), leadFolder: absolute(leadFolder), started };
  } catch {
    return undefined;
  }
}
