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

/** Settings that follow from others: if one of those differs, it explains the difference. */
const CAUSES: Readonly<Record<string, readonly string[]>> = {
  outputs: ['scores'],
  [GRAPH]: ['scores', 'dtype', 'outputs', 'height', 'width'],
};

/**
 * Lists the differences between two fingerprints, each in a few words, without those that only follow from others.
 *
 * @param except names of settings that may differ
 */
export function differences(
  then: Fingerprint,
  now: Fingerprint,
  except: readonly string[],
): readonly string[] {
  const different = new Set(
    [...Object.keys(then), ...Object.keys(now)].filter(
      (name) => then[name] !== now[name] && !except.includes(name),
    ),
  );
  const isExplained = (name: string) =>
    CAUSES[name]?.some((cause) => different.has(cause)) ||
    (name === 'outputs' && different.has('dtype') && shownOutputs(then) === shownOutputs(now));
  return [...different].filter((name) => !isExplained(name)).map((name) => difference(name, then, now));
}

function difference(name: string, then: Fingerprint, now: Fingerprint): string {
  if (name === GRAPH) return 'the network is another one (--model, --precision, --mean or --std)';
  const text = name === 'outputs' ? shownOutputs : (settings: Fingerprint) => shown(settings[name]);
  return `${FLAGS[name] ?? name} was ${text(then)} and is ${text(now)}`;
}

/** Returns the error for a run that cannot resume because its settings differ. */
export function otherSettings(output: string, different: readonly string[]): OutputError {
  return new OutputError(`${output} was started with other settings: ${different.join('; ')}.`, {
    hint: 'Repeat the original command unchanged, or add --overwrite to start over.',
  });
}

/** Formats outputs without their dtype, which is a setting of its own: `stage1 avg`, `embedding normalized`. */
function shownOutputs({ outputs }: Fingerprint): string {
  const text = String(outputs)
    .replace(/ (float32|float16|false)\b/g, '')
    .replace(/ true\b/g, ' normalized');
  return shown(outputs === undefined ? undefined : text);
}

const SHOWN = 120; // characters

function shown(value: string | number | boolean | undefined): string {
  if (value === undefined) return 'not set';
  const text = String(value);
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
}
