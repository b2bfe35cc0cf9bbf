import { OutputError } from '../errors.js';
import { statOrUndefined } from '../files/place.js';
import { attempt, outputFailure, reading } from '../files/write-error.js';
import { ARRANGEMENTS, CHECKSUMS } from '../outputs/arrangement.js';
import { readChecksums } from '../outputs/per-image/checksums.js';
import { refuseUnpublished } from './find-run.js';
import { digestFile, type FoundRun, type Manifest, readManifest, setPaths } from './manifest.js';
import { finalPath, MANIFEST, type RunPlace, runPlace, shownPath } from './run-place.js';

/** A file of a finished run, compared with its manifest. */
export interface CheckedFile {
  readonly path: string;
  readonly expected: { readonly bytes?: number | undefined; readonly sha256: string };
  readonly found: { readonly bytes: number; readonly sha256: string } | undefined; // undefined if missing
}

/**
 * Reads every file of a run in full, also those that its checksums name. The manifest itself is trusted: nothing records its SHA-256.
 * @throws {OutputError} if a file cannot be read; the signal's reason on abort
 */
export async function* checkFiles(
  place: RunPlace,
  { layout, outputs, ledger }: Manifest,
  signal?: AbortSignal,
): AsyncGenerator<CheckedFile> {
  const check = async (path: string, expected: CheckedFile['expected']): Promise<CheckedFile> => ({
    path,
    expected,
    found: await attempt(place.output, async () => {
      const stands = await reading(() => statOrUndefined(path));
      return stands && digestFile(path, signal);
    }),
  });
  let named = false; // whether the files of a tree are known
  for (const { name, bytes, sha256 } of outputs) {
    const file = await check(finalPath(place, name), { bytes, sha256 });
    if (name === CHECKSUMS) named = layout === 'tree' && isUnaltered(file);
    yield file;
  }
  const { bytes, sha256 } = ledger;
  yield check(place.ledger, { bytes, sha256 });
  if (!named) return;
  try {
    for await (const { name, sha256 } of readChecksums(finalPath(place, CHECKSUMS)))
      yield check(finalPath(place, name), { sha256 });
  } catch (error) {
    throw outputFailure(place.output, error);
  }
}

/** A file of a run that was checked. */
export interface JudgedFile {
  readonly path: string;
  readonly state: 'intact' | 'altered' | 'missing';
}

/**
 * Reads every file of all outputs of a run in full. The manifest of the given output is trusted; those of the others only have to
 * be of the same run.
 * @throws {OutputError} if a file cannot be read, or a later run has published only some of the outputs; the signal's reason on abort
 */
export async function* judgeFiles(run: FoundRun, signal?: AbortSignal): AsyncGenerator<JudgedFile> {
  const { place, manifest } = run;
  for (const path of setPaths(run)) {
    const other = path === place.path ? run : await otherRun(place, path);
    if (other?.manifest.started !== manifest.started) {
      await attempt(place.output, () => refuseUnpublished(run));
      yield {
        path: other?.place.manifest ?? path + MANIFEST,
        state: other === undefined ? 'missing' : 'altered',
      };
      continue;
    }
    for await (const file of checkFiles(other.place, other.manifest, signal)) {
      const missing = file.found === undefined;
      yield { path: file.path, state: isUnaltered(file) ? 'intact' : missing ? 'missing' : 'altered' };
    }
  }
}

/** Returns another finished output; undefined if it has no manifest. */
async function otherRun({ output }: RunPlace, path: string): Promise<FoundRun | undefined> {
  const manifest = await attempt(output, () => readManifest(path + MANIFEST));
  return manifest && { place: await runPlace(path, ARRANGEMENTS[manifest.layout], path), manifest };
}

export function isUnaltered({ expected, found }: CheckedFile): boolean {
  return found?.sha256 === expected.sha256 && found.bytes === (expected.bytes ?? found.bytes);
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
