import { readdir, realpath } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { OutputError } from '../errors.js';
import { resolveLinks, statOrUndefined } from '../files/place.js';
import { attempt, reading } from '../files/write-error.js';
import { ARRANGEMENTS, filePath } from '../outputs/arrangement.js';
import { readJournal } from './journal.js';
import { type Manifest, readManifest } from './manifest.js';
import { LEDGER, MANIFEST, PARTIAL, type RunPlace, runPlace, shownPath } from './run-place.js';

/** A run with all its rows. */
export interface FoundRun {
  readonly place: RunPlace;
  readonly manifest: Manifest;
}

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
  return attempt(output, () => findFinished(output, findComplete));
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

/** Returns the run that only remains to be published. @throws {OutputError} if there is none, with a hint */
async function findComplete(place: RunPlace): Promise<FoundRun> {
  const { output } = place;
  const journal = await readJournal(join(place.partial, PARTIAL.journal));
  if (journal?.complete) {
    const manifest = await readManifest(join(place.partial, PARTIAL.manifest));
    // Already moved to its final name: a run is publishing right now.
    return manifest === undefined ? findFinished(output, noManifest) : foundRun(place, manifest);
  }
  if (!journal?.header.retries) return unfinished(place);
  throw new OutputError(
    `a retry of ${output} was interrupted, and the manifest that it works from, ${shownPath(place, place.manifest)}, is gone`,
    { hint: 'Repeat the command of the original run with --overwrite to start over.' },
  );
}

/** @throws {OutputError} that says what an output without a manifest is, and what to do about it */
async function unfinished(place: RunPlace): Promise<never> {
  const { output } = place;
  const journal = await readJournal(join(place.partial, PARTIAL.journal));
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

/** Returns the place of an output before its manifest tells the arrangement: a folder is assumed to hold features. */
async function presumedPlace(output: string): Promise<RunPlace> {
  const path = resolve(output);
  const existing = await reading(() => statOrUndefined(path));
  const real = existing === undefined ? await resolveLinks(path) : await reading(() => realpath(path));
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
