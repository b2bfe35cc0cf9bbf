import { OutputError } from '../errors.js';
import { statOrUndefined } from '../files/place.js';
import { attempt, reading } from '../files/write-error.js';
import { digestFile, type Manifest } from './manifest.js';
import { finalPath, type RunPlace, shownPath } from './run-place.js';

/** A file of a finished run, compared with its manifest. */
export interface CheckedFile {
  readonly path: string;
  readonly expected: { readonly bytes: number; readonly sha256: string };
  readonly found: { readonly bytes: number; readonly sha256: string } | undefined; // undefined if missing
}

/**
 * Reads every file of a run in full. The manifest itself is trusted: nothing records its SHA-256.
 * @throws {OutputError} if a file cannot be read; the signal's reason on abort
 */
export async function* checkFiles(
  place: RunPlace,
  { outputs, ledger }: Manifest,
  signal?: AbortSignal,
): AsyncGenerator<CheckedFile> {
  const files = outputs.map((file) => ({ ...file, path: finalPath(place, file.name) }));
  for (const { path, bytes, sha256 } of [...files, { ...ledger, path: place.ledger }]) {
    const found = await attempt(place.output, async () => {
      const stands = await reading(() => statOrUndefined(path));
      return stands && digestFile(path, signal);
    });
    yield { path, expected: { bytes, sha256 }, found };
  }
}

export function isUnaltered({ expected, found }: CheckedFile): boolean {
  return found?.bytes === expected.bytes && found.sha256 === expected.sha256;
}

/** @throws {OutputError} if a file differs from its manifest */
export async function refuseAltered(
  place: RunPlace,
  manifest: Manifest,
  signal?: AbortSignal,
): Promise<void> {
  for await (const file of checkFiles(place, manifest, signal)) {
    if (isUnaltered(file)) continue;
    const what = file.found === undefined ? 'is missing' : 'was altered after its run';
    throw new OutputError(
      `${shownPath(place, file.path)} ${what}: the rows of ${place.output} cannot be reused`,
      {
        hint: `Restore the file, or repeat the command of its run with --overwrite to start over. To check all files: halonet verify ${place.output}`,
      },
    );
  }
}
