import { createHash } from 'node:crypto';
import type { Preprocessing } from '../images/geometry.js';
import { libraryVersions } from '../images/libvips.js';
import type { OutputRequest } from '../model/outputs.js';
import { ADDED_COLUMNS, type OutputLayout } from '../outputs/layout.js';
import { GRAPH, settingOf } from '../runs/fingerprint.js';
import type { Fingerprint } from '../runs/journal.js';
import { runtimeVersion } from '../runtime/package.js';

/** What the results of a job depend on besides its inputs. */
export interface Fingerprinted {
  readonly version: string; // of halonet
  readonly onnx: Uint8Array; // the network as run: weights, normalisation, precision, outputs
  readonly files: readonly FingerprintedFiles[]; // of each output
  readonly preprocessing: Preprocessing;
  readonly device: string;
}

/** What the files of an output depend on. */
export interface FingerprintedFiles {
  readonly requests: readonly OutputRequest[];
  readonly layout: OutputLayout;
}

export function fingerprintOf(job: Fingerprinted): Fingerprint {
  const { preprocessing, files } = job;
  const own = Object.entries(preprocessing).map(([name, value]) => [name, textOf(value)]);
  return {
    halonet: job.version,
    ...libraryVersions(),
    'onnxruntime-node': runtimeVersion(),
    ...outputSettings(files),
    ...Object.fromEntries(own),
    device: job.device,
    [GRAPH]: createHash('sha256').update(job.onnx).digest('hex'),
  };
}

/** Returns the settings of the outputs; those of several have numbers, except for the added columns, which all of them have. */
function outputSettings(files: readonly FingerprintedFiles[]): Fingerprint {
  const each = files.map(({ layout, requests }) => ({
    ...layout.settings,
    outputs: requests.map((request) => Object.values(request).join(' ')).join(', '),
  }));
  if (each.length === 1) return { ...each[0] };
  const numbered = each.flatMap((settings, i) =>
    Object.entries(settings).map(
      ([name, value]) => [ADDED_COLUMNS.includes(name) ? name : settingOf(i + 1, name), value] as const,
    ),
  );
  return Object.fromEntries(numbered);
}

const textOf = (value: unknown) => (typeof value === 'object' ? JSON.stringify(value) : String(value));
