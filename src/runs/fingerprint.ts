import { alternatives, enumeration } from '../alternatives.js';
import { OutputError } from '../errors.js';
import type { Fingerprint } from './journal.js';

/** The digest of the network; some other settings change it too. */
export const GRAPH = 'model';

/** The flags that set each setting of a fingerprint; other settings are shown by name. */
export const FLAGS: Readonly<Record<string, readonly string[]>> = {
  height: ['--image-size'],
  width: ['--image-size'],
  fill: ['--mean'],
  cropPct: ['--crop-pct'],
  cropMode: ['--crop-mode'],
  interpolation: ['--interpolation'],
  decode: ['--decode'],
  autoOrient: ['--auto-orient'],
  maxPixels: ['--max-pixels'],
  failOn: ['--fail-on'],
  device: ['--device'],
  format: ['--format'],
  scores: ['--scores'],
  topK: ['--top-k'],
  csvSafe: ['--csv-safe'],
  columns: ['--keep-columns'],
  facts: ['--columns'],
  dtype: ['--dtype'],
  layout: ['--layout'],
  labels: ['--labels', '--label-type'],
  outputs: ['--stages', '--pool', '--normalize'],
  [GRAPH]: ['--model', '--architecture', '--precision', '--calibration', '--mean', '--std'],
};

/** Settings that follow from others: if one of those differs, it explains the difference. */
const CAUSES: Readonly<Record<string, readonly string[]>> = {
  outputs: ['scores'],
  [GRAPH]: ['scores', 'dtype', 'outputs', 'height', 'width', 'fill'],
  width: ['height'], // both are shown as one size
};

/** The settings that may change for failed images. */
export const LIMITS: readonly string[] = ['maxPixels', 'failOn'];

/** Returns the name of a setting of one output among several. @param number of the output in its run, from 1 */
export const settingOf = (number: number, name: string) => `${number} ${name}`;

const OF_OUTPUT = /^(\d+) (.+)$/;

/** Returns the settings of an output: those that it shares with the other outputs of its run, and its own. */
export function settingsOf(fingerprint: Fingerprint, number: number): Fingerprint {
  const named = Object.entries(fingerprint).flatMap(([name, value]) => {
    const [, of, own] = OF_OUTPUT.exec(name) ?? [];
    if (own === undefined) return [[name, value] as const];
    return of === String(number) ? [[own, value] as const] : [];
  });
  return Object.fromEntries(named);
}

/**
 * Returns the error for a run that cannot continue because its command or settings differ; undefined if they do not.
 * @param outputs of the run, in order, as the user gave them
 * @param retries whether it is a retry, whose limits may differ
 */
export function otherSettings(
  outputs: readonly string[],
  then: Fingerprint,
  now: Fingerprint,
  retries: boolean,
): OutputError | undefined {
  for (const [i, output] of outputs.entries()) {
    const [before, after] = [then, now].map((settings) => commandOf(settingsOf(settings, i + 1)));
    if (before === after || before === undefined || after === undefined) continue;
    return new OutputError(`${output} is an output of halonet ${before}, not of halonet ${after}`, {
      hint: 'Choose another name, or pass --overwrite to replace it.',
    });
  }
  const different = differences(then, now, retries ? LIMITS : [], outputs);
  if (different.length === 0) return undefined;
  const were = outputs.length === 1 ? 'was' : 'were';
  return new OutputError(
    `${enumeration(outputs)} ${were} started with other settings: ${different.join('; ')}`,
    {
      hint: retries
        ? 'Restore what differs, or repeat the command of its run with --overwrite to start over.'
        : 'Repeat the original command unchanged, or pass --overwrite to start over.',
    },
  );
}

/**
 * Lists the differences between two fingerprints, each in a few words, without those that only follow from others.
 *
 * @param except names of settings that may differ
 * @param outputs of the run, in order, as the user gave them
 */
export function differences(
  then: Fingerprint,
  now: Fingerprint,
  except: readonly string[],
  outputs: readonly string[] = [],
): readonly string[] {
  const names = [...new Set([...Object.keys(then), ...Object.keys(now)])];
  const different = names.filter((name) => then[name] !== now[name] && !except.includes(name));
  const shared = different.filter((name) => !OF_OUTPUT.test(name));
  const owned = outputs.map((_, i) => different.flatMap((name) => ownName(name, i + 1)));
  const ofOutputs = outputs.flatMap((output, i) => {
    const own = owned[i] ?? [];
    const texts = unexplained(own, own, settingsOf(then, i + 1), settingsOf(now, i + 1));
    return texts.map((text) => `${text} (${output})`);
  });
  return [...ofOutputs, ...unexplained(shared, [...shared, ...owned.flat()], then, now)];
}

/** Returns the name of a setting without the number of its output; none if it is of another output, or of all. */
function ownName(name: string, number: number): readonly string[] {
  const [, of, own = ''] = OF_OUTPUT.exec(name) ?? [];
  return of === String(number) ? [own] : [];
}

/** Describes the settings of some names that differ, without those that only follow from `causes`. */
function unexplained(
  names: readonly string[],
  causes: readonly string[],
  then: Fingerprint,
  now: Fingerprint,
): readonly string[] {
  const isExplained = (name: string) =>
    CAUSES[name]?.some((cause) => causes.includes(cause)) ||
    (name === 'outputs' && causes.includes('dtype') && outputDifferences(then, now).length === 0);
  return names.filter((name) => !isExplained(name)).flatMap((name) => difference(name, then, now));
}

function difference(name: string, then: Fingerprint, now: Fingerprint): string | readonly string[] {
  const flags = FLAGS[name] ?? [name];
  switch (name) {
    case 'outputs': {
      const found = outputDifferences(then, now);
      return found.length > 0 ? found : changed(name, shown(then[name]), shown(now[name]));
    }
    case 'height':
    case 'width': {
      const size = ({ height, width }: Fingerprint) => `${height}x${width}`;
      return `the image size was ${size(then)}, now ${size(now)} (${alternatives([...flags, '--model'])})`;
    }
    case 'fill':
      return `the mean differs (${alternatives([...flags, '--model'])})`;
    case 'labels':
      return `the class names differ (${alternatives([...flags, '--model'])})`;
    case GRAPH:
      return `the network differs (${alternatives(flags)})`;
    default:
      return changed(alternatives(flags), shown(then[name]), shown(now[name]));
  }
}

const changed = (what: string, then: string, now: string) => `${what} was ${then}, now ${now}`;

/** Lists the flags that make the outputs of two networks differ; none if only their dtype does. */
function outputDifferences(then: Fingerprint, now: Fingerprint): readonly string[] {
  const [before, after] = [outputFlags(then), outputFlags(now)];
  return Object.entries(before).flatMap(([flag, value]) => {
    const other = after[flag as keyof typeof after];
    return value === other ? [] : [changed(flag, value, other)];
  });
}

const POOLS = /^(avg|max|avgmax|catavgmax|gem|grid:\d+)$/;

/** Returns the values of the flags that selected outputs such as `stage1 avg float32, stage2 avg float32`. */
function outputFlags({ outputs }: Fingerprint) {
  const words = String(outputs)
    .split(', ')
    .map((output) => output.split(' '));
  const has = (word: string) => words.some((output) => output.includes(word));
  const [name = ''] = words[0] ?? [];
  const pool = words[0]?.find((word) => POOLS.test(word));
  return {
    '--stages': words.flatMap(([stage = '']) => /^stage(\d+)$/.exec(stage)?.[1] ?? []).join(','),
    '--pool': pool ?? (name === 'embedding' ? "the model's own" : 'none'),
    '--normalize': has('true') ? 'on' : 'off',
  };
}

// The beginning of the outputs that each command requests.
const COMMANDS: readonly (readonly [RegExp, string])[] = [
  [/^(logits|probabilities)\b/, 'classify'],
  [/^(embedding|unpooled)\b/, 'embed'],
  [/^stage\d/, 'features'],
];

/** Returns the command whose output has these settings; undefined if unknown. */
export function commandOf({ outputs = '' }: Fingerprint): string | undefined {
  return COMMANDS.find(([beginning]) => beginning.test(String(outputs)))?.[1];
}

// Values of settings that flags spell in another way.
const SPELLINGS: Readonly<Record<string, string>> = {
  true: 'on',
  false: 'off',
  probabilities: 'prob',
  logits: 'logit',
};

const SHOWN = 120; // characters

function shown(value: string | number | boolean | undefined): string {
  if (value === undefined) return 'not set';
  const text = SPELLINGS[String(value)] ?? String(value);
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
}
