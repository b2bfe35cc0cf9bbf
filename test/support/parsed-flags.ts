import { Parser } from '@oclif/core';
import { inputArgs, type SharedFlags } from '../../commands/flags/flags.js';
import { TASKS } from '../../commands/flags/tasks.js';

/** A command line of a job command as it is parsed. */
export interface ParsedFlags {
  readonly flags: SharedFlags;
  readonly inputs: readonly string[];
  readonly given: readonly string[]; // flags that do not have their defaults
}

/** Parses the flags and inputs of a job command. */
export async function sharedFlagsOf(
  command: keyof typeof TASKS,
  argv: readonly string[],
): Promise<ParsedFlags> {
  const { flags, raw } = await Parser.parse([...argv], { flags: TASKS[command].flags, args: inputArgs });
  return {
    flags: flags as SharedFlags,
    inputs: raw.flatMap((token) => (token.type === 'arg' ? [token.input] : [])),
    given: raw.flatMap((token) => (token.type === 'flag' ? [token.flag] : [])),
  };
}
