import { realpath } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { OutputError } from '../errors.js';
import { resolveLinks, statOrUndefined } from '../files/place.js';
import { attempt, reading } from '../files/write-error.js';
import { ARRANGEMENTS } from '../outputs/arrangement.js';
import { readJournal } from './journal.js';
import { type Manifest, readManifest } from './manifest.js';
import { PARTIAL, type RunPlace, runPlace } from './run-place.js';

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
  return attempt(output, () => findFinished(output, noManifest));
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
  if (journal === undefined) return noManifest(place);
  if (!journal.header.retries) {
    throw new OutputError(`A run to ${output} was interrupted; only a finished run can be retried.`, {
      hint: 'Finish it first: repeat its command with --resume.',
    });
  }
  throw new OutputError(
    `A retry of ${output} was interrupted, and ${place.manifest}, which it works from, is gone.`,
    { hint: 'Repeat the command of the original run with --overwrite to start over.' },
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

async function noManifest({ output, manifest }: RunPlace): Promise<never> {
  throw new OutputError(`${output} has no manifest: expected ${manifest}.`, {
    hint: 'Name the output of a finished run: the file or folder that was given as --output.',
  });
}
