import { OutputError } from '../errors.js';
import type { Fingerprint } from './journal.js';

/** The digest of the network; some other settings change it too. */
export const GRAPH = 'model';

/** The flag to show for each setting of a fingerprint; other settings are shown by name. */
export const FLAGS: Readonly<Record<string, string>> = {
  height: '--image-size (height)',
  width: '--image-size (width)',
  fill: '--mean (as fill)',
  cropPct: '--crop-pct',
  cropMode: '--crop-mode',
  interpolation: '--interpolation',
  decode: '--decode',
  autoOrient: '--auto-orient',
  maxPixels: '--max-pixels',
  failOn: '--fail-on',
  device: '--device',
  format: '--format',
  scores: '--scores',
  topK: '--top-k',
  csvSafe: '--csv-safe',
  dtype: '--dtype',
  labels: '--labels or --label-type (digest)',
  outputs: '--stages, --pool or --normalize (outputs)',
};

/**
 * Lists the differences between two fingerprints, each in a few words.
 *
 * @param except names of settings that may differ
 */
export function differences(
  then: Fingerprint,
  now: Fingerprint,
  except: readonly string[],
): readonly string[] {
  const names = [...new Set([...Object.keys(then), ...Object.keys(now)])].filter(
    (name) => then[name] !== now[name] && !except.includes(name),
  );
  return names.map((name) =>
    name === GRAPH
      ? 'the network is another one (--model, --precision, --mean or --std)'
      : `${FLAGS[name] ?? name} was ${shown(then[name])} and is ${shown(now[name])}`,
  );
}

/** Returns the error for a run that cannot resume because its settings differ. */
export function otherSettings(output: string, different: readonly string[]): OutputError {
  return new OutputError(`${output} was started with other settings: ${different.join('; ')}.`, {
    hint: 'Repeat the original command unchanged, or add --overwrite to start over.',
  });
}

const SHOWN = 120; // characters

function shown(value: string | number | boolean | undefined): string {
  if (value === undefined) return 'not set';
  const text = String(value);
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
}
