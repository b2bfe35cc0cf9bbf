import { createHash } from 'node:crypto';
import type { Preprocessing } from '../images/geometry.js';
import { libraryVersions } from '../images/libvips.js';
import type { OutputRequest } from '../model/outputs.js';
import type { OutputLayout } from '../outputs/layout.js';
import { GRAPH } from '../runs/fingerprint.js';
import type { Fingerprint } from '../runs/journal.js';
import { runtimeVersion } from '../runtime/package.js';

/** What the results of a job depend on besides its inputs. */
export interface Fingerprinted {
  readonly version: string; // of halonet
  readonly onnx: Uint8Array; // the network as run: weights, normalisation, precision, outputs
  readonly outputs: readonly OutputRequest[];
  readonly preprocessing: Preprocessing;
  readonly layout: OutputLayout;
  readonly device: string;
}

export function fingerprintOf(job: Fingerprinted): Fingerprint {
  const { preprocessing, outputs, layout } = job;
  const own = Object.entries(preprocessing).map(([name, value]) => [name, textOf(value)]);
  return {
    halonet: job.version,
    ...libraryVersions(),
    'onnxruntime-node': runtimeVersion(),
    ...layout.settings,
    outputs: outputs.map((output) => Object.values(output).join(' ')).join(', '),
    ...Object.fromEntries(own),
    device: job.device,
    [GRAPH]: createHash('sha256').update(job.onnx).digest('hex'),
  };
}

const textOf = (value: unknown) => (typeof value === 'object' ? JSON.stringify(value) : String(value));
