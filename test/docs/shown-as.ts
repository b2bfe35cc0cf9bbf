// What varies between runs and machines, and its placeholder.
const VARYING: readonly (readonly [RegExp, string])[] = [
  [/\b(less than 1s|about \d\S*( \d\S*)*) at [\d.]+ images\/s/g, '<time> at <rate>'],
  [/[\d.]+ [kMGTP]?B free in \S+/g, '<bytes> free in <folder>'],
  [/~ [\d,]+/g, '~ <bytes>'], // an estimate of text that is not written yet
  [/[\d.]+ [kMGTP]?B to write/g, '<bytes> to write'],
  [/\b\d{4}-\d\d-\d\dT\d\d:\d\d:[\d.]+Z/g, '<date>'],
];

const DIGITS = 2; // CPUs round differently: 0.9731 and 0.9733 are the same

/** The part of a program's output that is the same everywhere, as lines of words. */
export function shownAs(text: string): readonly string[] {
  const fixed = VARYING.reduce((rest, [pattern, name]) => rest.replaceAll(pattern, name), text);
  return fixed
    .replaceAll(/-?\d+\.\d{3,}(e[+-]?\d+)?/gi, (number) => Number(number).toFixed(DIGITS))
    .trimEnd()
    .split('\n')
    .map((line) => line.trim().replaceAll(/\s+/g, ' '));
}
