import type { Command } from '@oclif/core';
import { closestName } from '../../src/spelling.js';
import { GLOBAL_FLAGS } from './groups.js';

/**
 * Returns one line about unknown flags: `there is no flag --otput; did you mean --output?`
 *
 * @param given as on the command line: `--otput`, or `--otput=x.csv`
 */
export function unknownFlagsText(given: readonly string[], flags: Command.Class['flags']): string {
  const known = knownFlags(flags);
  const names = given.map((flag) => flag.replace(/=.*$/s, ''));
  const suggestions = names.flatMap((flag) => closestName(flag, known) ?? []);
  const none = `there is no flag ${names.join(' and no flag ')}`;
  return suggestions.length === 0 ? none : `${none}; did you mean ${suggestions.join(' and ')}?`;
}

function knownFlags(flags: Command.Class['flags']): readonly string[] {
  const names = Object.entries(flags).flatMap(([name, flag]) =>
    flag.type === 'boolean' && flag.allowNo ? [name, `no-${name}`] : [name],
  );
  return [...names, ...GLOBAL_FLAGS.map(({ name }) => name)].map((name) => `--${name}`);
}
