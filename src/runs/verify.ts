import { OutputError } from '../errors.js';
import { statOrUndefined } from '../files/place.js';
import { attempt, reading } from '../files/write-error.js';
import { digestFile, type Manifest } from './manifest.js';
import { finalPath, type RunPlace } from './run-place.js';

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
    throw new OutputError(`${file.path} was modified after its run, so its rows cannot be reused.`, {
      hint: 'See halonet verify, or repeat the command with --overwrite to start over.',
    });
  }
}
