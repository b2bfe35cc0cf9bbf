import type { Interfaces } from '@oclif/core';
import { pathFrom } from '../../src/path-from.js';
import { type SharedFlags, sharedFlags } from './flags.js';
import { SETTINGS, type Setting, type SettingsRetried } from './settings.js';

const settings: Readonly<Record<string, Setting>> = SETTINGS;

const isRetryFlag = (name: string) => settings[name]?.retry === 'renew' || settings[name]?.retry === 'own';

/** The retry flags to show first in help. */
const FIRST: readonly string[] = ['decode-timeout', 'max-pixels', 'max-failures', 'device', 'quiet'];

/** The flags that `halonet retry` accepts. */
export const retryFlags = Object.fromEntries(
  Object.keys(settings)
    .filter(isRetryFlag)
    .map((name) => [name, forRetry(name, sharedFlags[name as keyof typeof sharedFlags])]),
) as Pick<typeof sharedFlags, SettingsRetried<'renew' | 'own'>>;

/** Adapts a flag's help to retry, where flags that are not given keep the run's values. */
function forRetry<F extends object>(name: string, flag: F): F {
  const common = FIRST.includes(name);
  return settings[name]?.retry === 'renew'
    ? { ...flag, common, summary: undefined, defaultHelp: async () => 'as in the run' } // a summary would name another default
    : { ...flag, common };
}

/** What is known of a run whose failed rows are computed again. */
export interface RunToRetry {
  readonly flags: SharedFlags; // of the run's command
  readonly inputs: readonly string[];
  readonly output: string; // its path
  readonly format: SharedFlags['format']; // of the output, whatever its name says
  readonly folder: string | undefined; // where its relative paths start; undefined for the working directory
}

/** The flags given to a retry. */
export interface RetryOverrides {
  readonly flags: Interfaces.InferredFlags<typeof retryFlags>;
  readonly names: readonly string[]; // names of the flags that do not have their defaults
}

/** Returns the flags and inputs to retry a run with, following the table of settings. */
export function flagsForRetry(
  { flags, inputs, output, format, folder }: RunToRetry,
  given: RetryOverrides,
): { readonly flags: SharedFlags; readonly inputs: readonly string[] } {
  const values = Object.entries(settings).flatMap(([name, { retry }]) => {
    if (retry === 'drop') return [];
    const isAnew = retry === 'own' || (retry === 'renew' && given.names.includes(name));
    const from: Readonly<Record<string, unknown>> = isAnew ? given.flags : flags;
    return [[name, PATHS.includes(name) ? pathOrNone(folder, from[name]) : from[name]]];
  });
  return {
    flags: { ...Object.fromEntries(values), output, format: format ?? flags.format },
    inputs: inputs.map((input) => (input === '-' ? input : pathFrom(folder, input))),
  };
}

const PATHS: readonly string[] = ['labels', 'calibration'];

const pathOrNone = (folder: string | undefined, path: unknown) =>
  typeof path === 'string' ? pathFrom(folder, path) : path;
