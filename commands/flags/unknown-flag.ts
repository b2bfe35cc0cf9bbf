import type { Command } from '@oclif/core';
import { closestName } from '../../src/spelling.js';
import { GLOBAL_FLAGS } from './groups.js';

/** Returns the unknown flags that an error names; undefined if the error is about something else. */
export function unknownFlags(error: Error): readonly string[] | undefined {
  // oclif does not export this error class.
  if (error.constructor.name !== 'NonExistentFlagsError' || !('flags' in error)) return undefined;
  return (error.flags as readonly string[]).map((flag) => flag.replace(/=.*$/s, ''));
}

/** Returns one line about unknown flags: `there is no flag --otput; did you mean --output?` */
export function unknownFlagsText(given: readonly string[], flags: Command.Class['flags']): string {
  const known = knownFlags(flags);
  const suggestions = given.flatMap((flag) => closestName(flag, known) ?? []);
  const none = `there is no flag ${given.join(' and no flag ')}`;
  return suggestions.length === 0 ? none : `${none}; did you mean ${suggestions.join(' and ')}?`;
}

function knownFlags(flags: Command.Class['flags']): readonly string[] {
  const names = Object.entries(flags).flatMap(([name, flag]) =>
    flag.type === 'boolean' && flag.allowNo ? [name, `no-${name}`] : [name],
  );
  return [...names, ...GLOBAL_FLAGS.map(({ name }) => name)].map((name) => `--${name}`);
}
