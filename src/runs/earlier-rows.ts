import { join } from 'node:path';
import { OutputError } from '../errors.js';
import { closeOnError } from '../files/close-on-error.js';
import { attempt } from '../files/write-error.js';
import { type JournalHeader, readJournal } from './journal.js';
import { type Manifest, manifestDigest, readManifest } from './manifest.js';
import { readMember } from './member.js';
import { allOutputs, type PerOutput, perOutput } from './per-output.js';
import type { RunOutput } from './run-output.js';
import { PARTIAL, type RunPlace } from './run-place.js';
import { OutputRows, StoredRows } from './stored-rows.js';
import { unpackRows } from './unpack-rows.js';
import { refuseAltered } from './verify.js';

/** The digests of the manifests of the finished outputs that are the base of a run, the lead's first; '' if there are none. */
export const basesOf = ({ base, others = [] }: Pick<JournalHeader, 'base' | 'others'>): readonly string[] => [
  base,
  ...others.map((other) => other.base),
];

/**
 * Reads the manifests of the finished outputs whose rows a run reuses.
 *
 * @param bases as `basesOf`
 * @returns the lead's manifest; undefined if there are no such outputs
 * @throws {OutputError} if one is missing, has been replaced, or does not match its manifest; the signal's reason on abort
 * @throws {ReadFailure}
 */
export async function finishedBase(
  places: PerOutput<RunPlace>,
  bases: readonly string[],
  signal?: AbortSignal,
): Promise<Manifest | undefined> {
  const manifests: (Manifest | undefined)[] = [];
  for (const [i, place] of allOutputs(places).entries())
    manifests.push(await attempt(place.output, () => baseAt(place, bases[i] ?? '', signal)));
  return manifests[0];
}

async function baseAt(place: RunPlace, base: string, signal?: AbortSignal): Promise<Manifest | undefined> {
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
 * Opens the rows that a run may reuse: those of the interrupted runs it replaces, and of the finished outputs that are its base.
 *
 * @param finishedRows the number of rows of these outputs; undefined if there are none
 * @throws {OutputError} if the files of these outputs are damaged
 * @throws {ReadFailure} if they cannot be opened; the file system's error if they have to be unpacked
 */
export async function earlierRows(
  outputs: PerOutput<RunOutput>,
  finishedRows: number | undefined,
): Promise<readonly StoredRows[]> {
  const { lead } = outputs;
  const bases: StoredRows[] = [];
  let base = '';
  return closeOnError(closerOf(bases), async () => {
    for (;;) {
      base = join(base, PARTIAL.base);
      const journal = await readJournal(join(lead.place.partial, base, PARTIAL.journal));
      if (journal === undefined) break;
      const { header, checkpoint } = journal;
      bases.push(
        await openEach(outputs, async ({ place, layout }) => {
          const folder = join(place.partial, base);
          if (place !== lead.place) await refuseOtherRun(place, folder, header.started);
          return OutputRows.open(place, layout, checkpoint.rows, folder);
        }),
      );
    }
    if (finishedRows !== undefined) {
      bases.push(
        await openEach(outputs, async ({ place, layout }) => {
          const { packing } = layout;
          const unpacked = packing && (await unpackRows(packing, place, layout, finishedRows));
          return OutputRows.open(place, layout, finishedRows, unpacked);
        }),
      );
    }
    return bases;
  });
}

/** Opens the rows of each output. */
async function openEach(
  outputs: PerOutput<RunOutput>,
  open: (output: RunOutput) => Promise<OutputRows>,
): Promise<StoredRows> {
  const opened: OutputRows[] = [];
  return closeOnError(closerOf(opened), async () => {
    for (const output of allOutputs(outputs))
      opened.push(await attempt(output.place.output, () => open(output)));
    return new StoredRows(perOutput(opened));
  });
}

async function refuseOtherRun(place: RunPlace, folder: string, started: string): Promise<void> {
  if ((await readMember(place, folder))?.started === started) return;
  throw new OutputError(`${folder} is not of the run whose rows are reused`, {
    hint: 'Pass --overwrite to start over.',
  });
}

/** Returns an object that closes all of them. */
export const closerOf = (stored: readonly Pick<StoredRows, 'close'>[]) => ({
  close: async () => {
    for (const rows of stored) await rows.close();
  },
});
