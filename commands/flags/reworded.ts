import { alternatives } from '../../src/alternatives.js';

const listed = (values: string | undefined) => alternatives((values ?? '').split(', '));

/** oclif's texts about one flag, from errors that have no fields. */
const REWORDED: readonly (readonly [RegExp, (flag: string, ...parts: readonly string[]) => string])[] = [
  [/^Flag (--\S+) can only be specified once$/, (flag) => `${flag} is given more than once`],
  [/^Flag (--\S+) expects a value$/, (flag) => `${flag} needs a value`],
  [
    /^Flag (--\S+) expects one of these values: (.*)$/,
    (flag, values) => `${flag} needs a value: ${listed(values)}`,
  ],
  [
    /^Expected (--[^=]+)=(.*) to be one of: (.*)$/s,
    (flag, given, values) => `${flag}: expected ${listed(values)}; received ${given}`,
  ],
];

/** Words a text of oclif about one flag as halonet's own; returns any other text unchanged. */
export function reworded(message: string): string {
  for (const [pattern, words] of REWORDED) {
    const [, flag, ...parts] = pattern.exec(message) ?? [];
    if (flag !== undefined) return words(flag, ...parts);
  }
  return message;
}
