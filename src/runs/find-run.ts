import { realpath } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { OutputError } from '../errors.js';
import { behindLinks, statOrUndefined } from '../files/place.js';
import { attempt, reading } from '../files/write-error.js';
import { ARRANGEMENTS } from '../outputs/arrangement.js';
import { readJournal } from './journal.js';
import { type Manifest, readManifest } from './manifest.js';
import { PARTIAL, type RunPlace, runPlace } from './run-place.js';

/** A run whose rows are all there. */
export interface FoundRun {
  readonly place: RunPlace;
  readonly manifest: Manifest;
}

/**
 * The finished run whose output a path is. Nothing but its files is looked at, so that it is found where nothing can be
 * written.
 * @throws {OutputError} where no manifest lies beside it
 */
export function findRun(output: string): Promise<FoundRun> {
  return attempt(output, () => finishedOr(output, noManifest));
}

/**
 * As `findRun`, and a complete run that was killed while its files got their names: publishing takes the old manifest away
 * first.
 * @throws {OutputError} where there is neither, with what to do about an interrupted one
 */
export function findRunToRetry(output: string): Promise<FoundRun> {
  return attempt(output, () => finishedOr(output, complete));
}

/** The finished run of an output; what `otherwise` finds where there is none. */
async function finishedOr(
  output: string,
  otherwise: (place: RunPlace) => Promise<FoundRun>,
): Promise<FoundRun> {
  const place = await placeNamed(output);
  const manifest = await readManifest(place.manifest);
  return manifest === undefined ? otherwise(place) : laidOut(place, manifest);
}

/** A run that lacks nothing but its final names. @throws {OutputError} where there is none, with what to do */
async function complete(place: RunPlace): Promise<FoundRun> {
  const { output } = place;
  const journal = await readJournal(join(place.partial, PARTIAL.journal));
  if (journal?.complete) {
    const manifest = await readManifest(join(place.partial, PARTIAL.manifest));
    // Moved to its final name since: a run is publishing at this moment.
    return manifest === undefined ? finishedOr(output, noManifest) : laidOut(place, manifest);
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

/** Where an output lies whose arrangement nothing but a manifest tells; a folder is one of features. */
async function placeNamed(output: string): Promise<RunPlace> {
  const path = resolve(output);
  const existing = await reading(() => statOrUndefined(path));
  const real = existing === undefined ? await behindLinks(path) : await reading(() => realpath(path));
  return runPlace(output, existing?.isDirectory() ? ARRANGEMENTS.folder : ARRANGEMENTS.text, real);
}

async function laidOut({ output, path }: RunPlace, manifest: Manifest): Promise<FoundRun> {
  return { place: await runPlace(output, ARRANGEMENTS[manifest.layout], path), manifest };
}

async function noManifest({ output, manifest }: RunPlace): Promise<never> {
  throw new OutputError(`${output} has no manifest: expected ${manifest}.`, {
    hint: 'Name the output of a finished run: the file or folder that was given as --output.',
  });
}
