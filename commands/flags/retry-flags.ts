import type { Interfaces } from '@oclif/core';
import { pathFrom } from '../../src/path-from.js';
import { type SharedFlags, sharedFlags } from './flags.js';
import { SETTINGS, type Setting, type SettingsRetried } from './settings.js';

const settings: Readonly<Record<string, Setting>> = SETTINGS;

const isGivenAnew = (name: string) => settings[name]?.retry === 'renew' || settings[name]?.retry === 'own';

/** Of these, the ones to show first. */
const FIRST: readonly string[] = ['decode-timeout', 'max-pixels', 'max-failures', 'device', 'quiet'];

/** The flags that may be given anew when failed images are tried again. */
export const retryFlags = Object.fromEntries(
  Object.keys(settings)
    .filter(isGivenAnew)
    .map((name) => [name, forRetry(name, sharedFlags[name as keyof typeof sharedFlags])]),
) as Pick<typeof sharedFlags, SettingsRetried<'renew' | 'own'>>;

/** A flag as help shows it for a retry, where what is not given anew is as the run had it. */
function forRetry<F extends object>(name: string, flag: F): F {
  const common = FIRST.includes(name);
  return settings[name]?.retry === 'renew'
    ? { ...flag, common, defaultHelp: async () => 'as in the run' }
    : { ...flag, common };
}

/** What is known of a run whose failed rows are computed again. */
export interface RunToRetry {
  readonly flags: SharedFlags; // of its command
  readonly inputs: readonly string[];
  readonly output: string; // its path
  readonly format: SharedFlags['format']; // of that, whatever its name says
  readonly folder: string | undefined; // where its relative paths start; undefined for the working directory
}

/** The flags of a retry as they were given to it. */
export interface GivenToRetry {
  readonly flags: Interfaces.InferredFlags<typeof retryFlags>;
  readonly names: readonly string[]; // of those that do not have their defaults
}

/** The flags and inputs with which a run is retried, as the table of settings has it. */
export function settledForRetry(
  { flags, inputs, output, format, folder }: RunToRetry,
  given: GivenToRetry,
): { readonly flags: SharedFlags; readonly inputs: readonly string[] } {
  const values = Object.entries(settings).flatMap(([name, { retry }]) => {
    if (retry === 'drop') return [];
    const isAnew = retry === 'own' || (retry === 'renew' && given.names.includes(name));
    const from: Readonly<Record<string, unknown>> = isAnew ? given.flags : flags;
    return [[name, PATHS.includes(name) ? pathOrNone(folder, from[name]) : from[name]]];
  });
  return {
    flags: { ...Object.fromEntries(values), output, format: flags.format ?? format },
    inputs: inputs.map((input) => (input === '-' ? input : pathFrom(folder, input))),
  };
}

const PATHS: readonly string[] = ['labels', 'calibration'];

const pathOrNone = (folder: string | undefined, path: unknown) =>
  typeof path === 'string' ? pathFrom(folder, path) : path;
