import { join } from 'node:path';
import { OutputError } from '../errors.js';
import { closeOnError } from '../files/close-on-error.js';
import type { OutputLayout } from '../outputs/layout.js';
import { readJournal } from './journal.js';
import { type Manifest, manifestDigest, readManifest } from './manifest.js';
import { PARTIAL, type RunPlace } from './run-place.js';
import { StoredRows } from './stored-rows.js';
import { unpackRows } from './unpack-rows.js';
import { refuseAltered } from './verify.js';

/**
 * Reads the manifest of the finished output whose rows a run reuses.
 *
 * @param base the digest of that manifest, as in a journal's header; '' if there is no such output
 * @returns undefined if there is no such output
 * @throws {OutputError} if it is missing, has been replaced, or does not match its manifest; the signal's reason on abort
 * @throws {ReadFailure}
 */
export async function finishedBase(
  place: RunPlace,
  base: string,
  signal?: AbortSignal,
): Promise<Manifest | undefined> {
  if (base === '') return undefined;
  const manifest = await readManifest(place.manifest);
  if (manifest === undefined || manifestDigest(manifest) !== base) {
    throw new OutputError(
      `${place.output} has changed since the run in ${place.partial} started: its rows cannot be reused`,
      { hint: 'Restore it, or repeat the command with --overwrite to start over.' },
    );
  }
  await refuseAltered(place, manifest, signal);
  return manifest;
}

/**
 * Opens the rows that a run may reuse: those of the interrupted runs it replaces, and of the finished output that is its base.
 *
 * @param finishedRows the number of rows of that output; undefined if there is none
 * @throws {OutputError} if the files of that output are damaged
 * @throws {ReadFailure} if they cannot be opened; the file system's error if they have to be unpacked
 */
export async function earlierRows(
  place: RunPlace,
  layout: OutputLayout,
  finishedRows: number | undefined,
): Promise<readonly StoredRows[]> {
  const bases: StoredRows[] = [];
  let folder = place.partial;
  return closeOnError(closerOf(bases), async () => {
    for (;;) {
      folder = join(folder, PARTIAL.base);
      const journal = await readJournal(join(folder, PARTIAL.journal));
      if (journal === undefined) break;
      bases.push(await StoredRows.open(place, layout, journal.checkpoint.rows, folder));
    }
    if (finishedRows !== undefined) {
      const { packing } = layout;
      const unpacked = packing && (await unpackRows(packing, place, layout, finishedRows));
      bases.push(await StoredRows.open(place, layout, finishedRows, unpacked));
    }
    return bases;
  });
}

/** Returns an object that closes all of them. */
export const closerOf = (stored: readonly StoredRows[]) => ({
  close: async () => {
    for (const rows of stored) await rows.close();
  },
});
