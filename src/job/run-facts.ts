import { createHash } from 'node:crypto';
import { isAbsolute, relative } from 'node:path';
import { libraryVersions } from '../images/libvips.js';
import { pathFrom } from '../path-from.js';
import type { RunFacts } from '../runs/manifest.js';
import { runtimeVersion } from '../runtime/package.js';
import type { SkippedCounts } from '../sources/skipped-files.js';
import type { SourceCounts } from '../sources/walk-counts.js';
import type { Invocation, ModelOptions } from './options.js';
import type { Prepared } from './prepare.js';

/** What is known about a job when it ends. */
export interface JobFacts {
  readonly model: ModelOptions;
  readonly modelSha256: string; // of its file at the start of the job
  readonly device: string;
  readonly stored: number; // reused rows
  readonly skipped: SkippedCounts; // files in folders
  readonly sources: SourceCounts;
}

/** Returns what a manifest records about a job besides its rows. */
export function runFacts(
  { versions, command, folder }: Invocation,
  { path, preprocessing: decoding, normalisation }: Prepared,
  { model, modelSha256, device, stored, skipped, sources }: JobFacts,
): RunFacts {
  const preprocessing = { ...decoding, ...normalisation };
  return {
    versions: { ...versions, 'onnxruntime-node': runtimeVersion(), ...libraryVersions() },
    command,
    folder,
    device,
    stored,
    skipped,
    sources,
    model: { name: model.name, path: recordedPath(model, path), sha256: modelSha256 },
    preprocessing,
    preprocessingSha256: createHash('sha256').update(JSON.stringify(preprocessing)).digest('hex'),
  };
}

/** Returns the path of a model's file, relative to the folder if the name that leads to it is relative. */
function recordedPath({ name, folder }: ModelOptions, path: string): string {
  if (folder === undefined || isAbsolute(name)) return path;
  return path.startsWith(pathFrom(folder, name)) ? relative(folder, path) : path;
}
