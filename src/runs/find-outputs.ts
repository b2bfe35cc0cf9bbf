import { sep } from 'node:path';
import { OutputError } from '../errors.js';
import { withoutLinks } from '../files/place.js';
import { attempt } from '../files/write-error.js';
import type { Arrangement } from '../outputs/arrangement.js';
import { allOutputs, type PerOutput, perOutput } from './per-output.js';
import { removalFolder } from './publish.js';
import { findOutput, pathsBeside, type RunPlace, runPlace } from './run-place.js';
import { nextFolder } from './run-state.js';

/** Where the rows of a run go: to one stream, or to files. */
export type FoundOutputs =
  | { readonly kind: 'stream' }
  | { readonly kind: 'files'; readonly places: PerOutput<RunPlace> };

/** An output, and how its files are arranged. */
export interface WantedOutput {
  readonly output: string; // as the user gave it
  readonly arrangement: Arrangement;
}

/**
 * Finds where the outputs of a run go, whether or not they exist.
 * @throws {OutputError} as `findOutput`; if there are several, also for a stream, and for two that would share a file or folder
 */
export async function findOutputs({
  outputs,
}: {
  readonly outputs: readonly WantedOutput[];
}): Promise<FoundOutputs> {
  const places: RunPlace[] = [];
  for (const { output, arrangement } of outputs) {
    const place = await attempt(output, () => findOutput(output, arrangement));
    // Outputs of one run are compared, and find each other later by paths relative to each other.
    if (place.kind === 'run') places.push(await atRealPath(place));
    else if (outputs.length === 1) return { kind: 'stream' };
    else throw streamAmongSeveral(output);
  }
  const found = perOutput(places);
  refuseCollisions(found);
  return { kind: 'files', places: found };
}

async function atRealPath({ output, arrangement, path }: RunPlace): Promise<RunPlace> {
  return runPlace(output, arrangement, await attempt(output, () => withoutLinks(path)));
}

function streamAmongSeveral(output: string): OutputError {
  const stream = output === '-' ? 'standard output' : output;
  return new OutputError(
    `${stream} cannot be one of several outputs: rows written to it cannot be read back`,
    {
      hint: 'Name a file.',
    },
  );
}

/** @throws {OutputError} if two outputs would share a file or folder */
function refuseCollisions(places: PerOutput<RunPlace>): void {
  const all = allOutputs(places);
  for (const [i, place] of all.entries()) {
    for (const earlier of all.slice(0, i)) {
      const shared = sharedPath(earlier, place);
      if (shared === undefined) continue;
      if (place.path === earlier.path)
        throw new OutputError(`two outputs have the name ${place.output}`, { hint: 'Rename one of them.' });
      throw new OutputError(
        `${place.output} and ${earlier.output} cannot be outputs of one run: both need ${shared} for themselves`,
        { hint: 'Give one of them another name, or another folder.' },
      );
    }
  }
}

/** Returns a path that two outputs would both write to; undefined if there is none. */
function sharedPath(one: RunPlace, other: RunPlace): string | undefined {
  const theirs = pathsOf(other);
  const isWithin = (path: string, folder: string) => path === folder || path.startsWith(folder + sep);
  for (const own of pathsOf(one)) {
    const shared = theirs.find((path) => isWithin(path, own) || isWithin(own, path));
    if (shared !== undefined) return shared.length > own.length ? shared : own;
  }
  return undefined;
}

/** Returns every path that a run may create for an output; files in a folder are within its path. */
function pathsOf(place: RunPlace): readonly string[] {
  const { path, lock, partial, ledger, manifest } = place;
  return [
    path,
    ...pathsBeside(place),
    ...[lock, `${lock}.takeover`, ledger, manifest],
    ...[partial, nextFolder(place), removalFolder(place)],
  ];
}
