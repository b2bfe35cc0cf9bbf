import { join } from 'node:path';
import { OutputError } from '../errors.js';
import { orClose } from '../files/or-close.js';
import type { OutputLayout } from '../outputs/layout.js';
import { readJournal } from './journal.js';
import { type Manifest, manifestDigest, readManifest } from './manifest.js';
import { PARTIAL, type RunPlace } from './run-place.js';
import { StoredRows } from './stored-rows.js';
import { refuseAltered } from './verify.js';

/**
 * The finished output that a run takes rows over from.
 *
 * @param base its digest, as in a journal's header; '' for a run that has no such output
 * @returns its manifest; undefined where there is no such output
 * @throws {OutputError} where it is gone, another one, or not as its manifest says; the signal's reason when it aborts
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
      `${place.output} has changed since the run in ${place.partial} started, so its rows cannot be reused.`,
      { hint: 'Restore it, or repeat the command with --overwrite to start over.' },
    );
  }
  await refuseAltered(place, manifest, signal);
  return manifest;
}

/**
 * The rows that a run may take over: of the interrupted runs that it stands for, and of the finished output that is its base.
 *
 * @param finishedRows of that output; undefined where there is none
 * @throws {ReadFailure} where they cannot be opened
 */
export async function earlierRows(
  place: RunPlace,
  layout: OutputLayout,
  finishedRows: number | undefined,
): Promise<readonly StoredRows[]> {
  const bases: StoredRows[] = [];
  let folder = place.partial;
  return orClose(closing(bases), async () => {
    for (;;) {
      folder = join(folder, PARTIAL.base);
      const journal = await readJournal(join(folder, PARTIAL.journal));
      if (journal === undefined) break;
      bases.push(await StoredRows.open(place, layout, journal.checkpoint.rows, folder));
    }
    if (finishedRows !== undefined) bases.push(await StoredRows.open(place, layout, finishedRows));
    return bases;
  });
}

/** Closes all of them. */
export const closing = (stored: readonly StoredRows[]) => ({
  close: async () => {
    for (const rows of stored) await rows.close();
  },
});
