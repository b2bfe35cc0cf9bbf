import { createHash } from 'node:crypto';
import { OutputError } from '../errors.js';
import type { Preprocessing } from '../images/geometry.js';
import { libraryVersions } from '../images/libvips.js';
import type { OutputRequest } from '../model/outputs.js';
import type { OutputLayout } from '../outputs/layout.js';
import type { Fingerprint } from '../outputs/run/journal.js';
import { runtimeVersion } from '../runtime/package.js';

/** What the results of a job follow from besides its inputs. */
export interface Fingerprinted {
  readonly version: string; // of halonet
  readonly onnx: Uint8Array; // the network as it is run: weights, normalisation, precision, outputs
  readonly outputs: readonly OutputRequest[];
  readonly preprocessing: Preprocessing;
  readonly layout: OutputLayout;
  readonly device: string;
}

const GRAPH = 'model'; // follows from some of the others, too

// What sets them, where it is called otherwise.
const FLAGS: Readonly<Record<string, string>> = {
  ...{ height: '--image-size (height)', width: '--image-size (width)', fill: '--mean (as fill)' },
  ...{ cropPct: '--crop-pct', cropMode: '--crop-mode', interpolation: '--interpolation', decode: '--decode' },
  ...{ autoOrient: '--auto-orient', maxPixels: '--max-pixels', failOn: '--fail-on', device: '--device' },
  ...{ format: '--format', scores: '--scores', topK: '--top-k', csvSafe: '--csv-safe', dtype: '--dtype' },
  ...{ labels: '--labels or --label-type (digest)', outputs: '--stages, --pool or --normalize (outputs)' },
};

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

/**
 * @param except what may differ
 * @throws {OutputError} where a run was begun with other settings, with what differs
 */
export function refuseDifferent(
  output: string,
  then: Fingerprint,
  now: Fingerprint,
  except: readonly string[],
): void {
  const names = [...new Set([...Object.keys(then), ...Object.keys(now)])].filter(
    (name) => then[name] !== now[name] && !except.includes(name),
  );
  if (names.length === 0) return;
  const differences = names.map((name) =>
    name === GRAPH
      ? 'the network is another one (--model, --precision, --mean or --std)'
      : `${FLAGS[name] ?? name} was ${shown(then[name])} and is ${shown(now[name])}`,
  );
  throw new OutputError(`${output} was begun with other settings: ${differences.join('; ')}.`, {
    hint: 'Repeat the command of that run as it was, or with --overwrite to start over.',
  });
}

const textOf = (value: unknown) => (typeof value === 'object' ? JSON.stringify(value) : String(value));

const SHOWN = 120; // characters

function shown(value: string | number | boolean | undefined): string {
  if (value === undefined) return 'not set';
  const text = String(value);
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
}
