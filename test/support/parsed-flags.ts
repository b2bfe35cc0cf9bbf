import { PassThrough } from 'node:stream';
import { Parser } from '@oclif/core';
import { inputArgs, type SharedFlags } from '../../commands/flags/flags.js';
import type { Shell } from '../../commands/flags/job-options.js';
import { TASKS } from '../../commands/flags/tasks.js';
import { hubSettingsFromEnv } from '../../src/hub/settings.js';

/** The parsed command line of a job command. */
export interface ParsedFlags {
  readonly flags: SharedFlags;
  readonly inputs: readonly string[];
  readonly given: readonly string[]; // flags given explicitly
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

/** A fake of the process that a job runs in. */
export const SHELL: Shell = {
  stdin: () => new PassThrough(),
  stdout: new PassThrough(),
  counted: true,
  hub: hubSettingsFromEnv({}, '/home/nobody'),
  awsRegion: undefined,
  host: { platform: 'linux', arch: 'x64', env: {}, root: '/' },
  machine: { decoders: 3, memory: () => ({ resident: 1, available: 2 }) },
  invocation: {
    versions: { halonet: '1.2.3', node: '20.0.0' },
    command: ['embed', 'photos'],
    folder: '/here',
  },
};
