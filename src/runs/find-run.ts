import { readdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { OutputError } from '../errors.js';
import { statOrUndefined, withoutLinks } from '../files/place.js';
import { attempt, reading } from '../files/write-error.js';
import { ARRANGEMENTS, filePath } from '../outputs/arrangement.js';
import type { JournalState } from './journal.js';
import { type FoundRun, type Manifest, readManifest, setPaths } from './manifest.js';
import { LEDGER, MANIFEST, PARTIAL, type RunPlace, runPlace, shownPath } from './run-place.js';
import { readPlace } from './run-state.js';

/**
 * Finds the finished run that wrote an output. Reads only the files of the output, so it works on read-only media.
 * @throws {OutputError} if the output has no manifest
 */
export function findRun(output: string): Promise<FoundRun> {
  return attempt(output, () => findFinished(output, unfinished));
}

/**
 * Finds a run as `findRun` does, or a complete run that was killed while publishing, which removes the old manifest first.
 * @throws {OutputError} if there is neither; its hint says what to do about an interrupted run
 */
export function findRunToRetry(output: string): Promise<FoundRun> {
  return attempt(
    output,
    async () =>
      (await findUnpublished(await presumedPlace(output))) ?? (await findFinished(output, unfinishedRetry)),
  );
}

/**
 * Finds a run that only remains to be published; undefined if there is none. An old manifest may still be there, while another output
 * of the run is published already.
 */
async function findUnpublished(place: RunPlace): Promise<FoundRun | undefined> {
  if (!(await journalOf(place))?.complete) return undefined;
  const manifest = await readManifest(join(place.partial, PARTIAL.manifest));
  return manifest && foundRun(place, manifest);
}

/** Returns the finished run of an output, or the result of `otherwise` if there is none. */
async function findFinished(
  output: string,
  otherwise: (place: RunPlace) => Promise<FoundRun>,
): Promise<FoundRun> {
  const place = await presumedPlace(output);
  const manifest = await readManifest(place.manifest);
  return manifest === undefined ? otherwise(place) : foundRun(place, manifest);
}

/**
 * Finds all outputs of the run that wrote an output, in its order: the output alone, unless its run had several.
 * @param find finds the others: `findRun`, or `findRunToRetry`
 * @throws {OutputError} if one has no manifest, or was written by another run since
 */
export async function findSet(
  run: FoundRun,
  find: (output: string) => Promise<FoundRun> = findRun,
): Promise<readonly FoundRun[]> {
  const { place } = run;
  const found: FoundRun[] = [];
  for (const path of setPaths(run))
    found.push(path === place.path ? run : otherOf(run, await find(shownPath(place, path))));
  return found;
}

/** @throws {OutputError} if a run to one of these outputs is complete, and only some of them have been published */
export async function refuseUnpublished(run: FoundRun): Promise<void> {
  const { place } = run;
  for (const path of setPaths(run)) {
    const journal = await journalOf(await presumedPlace(path));
    if (!journal?.complete) continue;
    throw new OutputError(
      `a run to ${shownPath(place, path)} was interrupted while it published its outputs`,
      {
        hint: journal.header.retries
          ? `Complete it first: halonet retry ${shownPath(place, path)}`
          : 'Complete it first: repeat its command with --resume.',
      },
    );
  }
}

function otherOf({ place, manifest }: FoundRun, other: FoundRun): FoundRun {
  if (other.manifest.started === manifest.started) return other;
  throw new OutputError(`${other.place.output} was not written by the same run as ${place.output}`, {
    hint: 'Restore the files of one run, or repeat the command of the run with --overwrite.',
  });
}

/** @throws {OutputError} that says why an output without a manifest cannot be retried, and what to do about it */
async function unfinishedRetry(place: RunPlace): Promise<FoundRun> {
  const { output } = place;
  const journal = await journalOf(place);
  if (journal?.complete) return findFinished(output, noManifest); // it has been published since
  if (!journal?.header.retries) return unfinished(place);
  throw new OutputError(
    `a retry of ${output} was interrupted, and the manifest that it works from, ${shownPath(place, place.manifest)}, is gone`,
    { hint: 'Repeat the command of the original run with --overwrite to start over.' },
  );
}

/** @throws {OutputError} that says what an output without a manifest is, and what to do about it */
async function unfinished(place: RunPlace): Promise<never> {
  const { output } = place;
  const journal = await journalOf(place);
  if (journal === undefined) return noManifest(place);
  throw new OutputError(
    `the run to ${output} has not finished: only a finished run can be verified or retried`,
    {
      hint: journal.header.retries
        ? `Finish it first: halonet retry ${output}`
        : 'Finish it first: repeat its command with --resume.',
    },
  );
}

/** Returns the journal of the run in progress that a place is of; undefined if there is none. */
async function journalOf(place: RunPlace): Promise<JournalState | undefined> {
  const state = await readPlace(place);
  if (state.kind === 'interrupted') return state.journal;
  return state.kind === 'member' ? state.run : undefined;
}

/** Returns the place of an output before its manifest tells the arrangement: a folder is assumed to hold features. */
async function presumedPlace(output: string): Promise<RunPlace> {
  const path = resolve(output);
  const existing = await reading(() => statOrUndefined(path));
  const real = await reading(() => withoutLinks(path));
  return runPlace(output, existing?.isDirectory() ? ARRANGEMENTS.folder : ARRANGEMENTS.text, real);
}

async function foundRun({ output, path }: RunPlace, manifest: Manifest): Promise<FoundRun> {
  return { place: await runPlace(output, ARRANGEMENTS[manifest.layout], path), manifest };
}

async function noManifest(place: RunPlace): Promise<never> {
  const { output, path, manifest } = place;
  const owner = await ownerOf(path);
  if (owner !== undefined) {
    throw new OutputError(`${output} is a file of an output, not the output itself`, {
      hint: `Name the output: ${shownPath(place, owner)}`,
    });
  }
  throw new OutputError(`${output} has no manifest: expected ${shownPath(place, manifest)}`, {
    hint: 'Name the output of a finished run: the file or folder that was given as --output.',
  });
}

/** Returns the path of the finished output that a file belongs to; undefined if there is none. */
async function ownerOf(file: string): Promise<string | undefined> {
  const folder = dirname(file);
  const names = await readdir(folder).catch(() => []); // only a better message depends on it
  const beside = names.filter((name) => name.endsWith(MANIFEST)).map((name) => join(folder, name));
  for (const path of [`${folder}${MANIFEST}`, ...beside]) {
    const manifest = await readManifest(path).catch(() => undefined);
    if (manifest === undefined) continue;
    const owner = path.slice(0, -MANIFEST.length);
    const { layout, outputs } = manifest;
    const files = outputs.map(({ name }) => filePath(ARRANGEMENTS[layout], owner, name));
    if ([path, `${owner}${LEDGER}`, ...files].includes(file)) return owner;
  }
  return undefined;
}
