import { createHash } from 'node:crypto';
import { libraryVersions } from '../images/libvips.js';
import type { RunFacts } from '../runs/manifest.js';
import { runtimeVersion } from '../runtime/package.js';
import type { PassedOverCounts } from '../sources/passed-over.js';
import type { Prepared } from './prepare.js';

/** How a job was called. */
export interface Invocation {
  readonly versions: Readonly<Record<'halonet' | 'node', string>>;
  readonly command: readonly string[]; // its name, then its arguments
  readonly folder: string; // the working directory
}

/** What is known of a job when it ends. */
export interface JobFacts {
  readonly model: string; // as it was asked for
  readonly modelSha256: string; // of its file as it was when the job began
  readonly device: string;
  readonly stored: number; // rows that were taken over
  readonly passedOver: PassedOverCounts; // files in folders
}

/** What a manifest says of a job besides its rows. */
export function runFacts(
  { versions, command, folder }: Invocation,
  { path, preprocessing: decoding, normalisation }: Prepared,
  { model, modelSha256, device, stored, passedOver }: JobFacts,
): RunFacts {
  const preprocessing = { ...decoding, ...normalisation };
  return {
    versions: { ...versions, 'onnxruntime-node': runtimeVersion(), ...libraryVersions() },
    ...{ command, folder, device, stored, passedOver },
    model: { name: model, path, sha256: modelSha256 },
    preprocessing,
    preprocessingSha256: createHash('sha256').update(JSON.stringify(preprocessing)).digest('hex'),
  };
}
