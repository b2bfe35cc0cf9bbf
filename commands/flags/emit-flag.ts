import { Flags, type Interfaces, Parser } from '@oclif/core';
import { alternatives } from '../../src/alternatives.js';
import { HalonetError } from '../../src/errors.js';
import type { FileOutput } from '../../src/job/options.js';
import { type CommonFlags, outputFlags, type SharedFlags, sharedFlags } from './flags.js';
import { inGroup } from './groups.js';
import { reworded } from './reworded.js';
import { TASKS } from './tasks.js';
import { unknownFlagsText } from './unknown-flag.js';
import { wordsOf } from './words.js';

/** One output of a run of several, as the value of --emit asks for it. */
export interface Emission {
  readonly command: keyof typeof TASKS; // that writes such an output alone
  readonly output: string; // a path
  readonly flags: Pick<SharedFlags, 'format' | 'csv-safe'>; // of that command, except for those of the whole run
}

const COMMANDS = Object.keys(TASKS) as readonly Emission['command'][];

/** The flags of a command that concern one output: its results, and its files. */
function ownFlags(command: Emission['command']): typeof outputFlags {
  const ofOutput = Object.entries(TASKS[command].flags).filter(
    ([name]) => name !== 'output' && (name in outputFlags || !(name in sharedFlags)),
  );
  return Object.fromEntries(ofOutput) as typeof outputFlags;
}

/**
 * Parses the value of --emit, such as `embed=emb.npy --dtype float16`.
 * @throws {HalonetError} that says what is wrong with it
 */
export async function parseEmission(text: string): Promise<Emission> {
  const [, name = '', rest = ''] = /^([a-z]+)=(.*)$/s.exec(text) ?? [];
  const command = COMMANDS.find((one) => one === name);
  const [path = ''] = rest.split(/\s+(?=-[a-z-])/i, 1);
  const output = path.trim().replace(/^(["'])(.*)\1$/s, '$2');
  if (command !== undefined && /^-( |$)/.test(output)) throw printed(command);
  if (command === undefined || output === '' || output.startsWith('-')) {
    throw new HalonetError(
      `expected ${alternatives(COMMANDS)}, = and a path, such as ${EXAMPLE}; received ${text}`,
      { hint: 'Flags of that command may follow the path, in quotes: --emit "embed=photos.npy --normalize"' },
    );
  }
  if (SECOND.test(output))
    throw new HalonetError(`expected one output; received ${text}`, { hint: ONE_EACH });
  return { command, output, flags: await parseFlags(command, output, rest.slice(path.length)) };
}

const EXAMPLE = 'embed=photos.npy';
const SECOND = new RegExp(`[,;]\\s*(${COMMANDS.join('|')})=`);
const ONE_EACH = 'Write --emit before each output: --emit classify=classes.csv --emit embed=photos.npy';

/** @throws {HalonetError} for an input that reads as an output without its flag */
export function refuseOutputs(inputs: readonly string[]): void {
  const output = inputs.find((input) => COMMANDS.some((command) => input.startsWith(`${command}=`)));
  if (output === undefined) return;
  throw new HalonetError(`${output} stands without --emit`, { hint: ONE_EACH });
}

const printed = (command: string) =>
  new HalonetError(`expected a path after ${command}=; rows of halonet run cannot be printed`, {
    hint: `To print rows, use halonet ${command}.`,
  });

async function parseFlags(
  command: Emission['command'],
  output: string,
  text: string,
): Promise<Emission['flags']> {
  const own = ownFlags(command);
  const given = `${command}=${output}`;
  try {
    const words = [...wordsOf(text)];
    for (const word of words) refuseForeignFlag(word, own, command);
    const { flags } = await Parser.parse(words, { flags: own, strict: true });
    return flags as Emission['flags'];
  } catch (error) {
    throw worded(error, given, command);
  }
}

interface Named {
  readonly char?: string | undefined;
  readonly allowNo?: boolean | undefined;
}

/** @throws {HalonetError} for a flag that is not one of a single output */
function refuseForeignFlag(word: string, own: Interfaces.FlagInput, command: Emission['command']): void {
  const [, name] = /^--([a-z0-9-]+)/.exec(word) ?? [];
  const [, char] = /^-([a-z])/i.exec(word) ?? [];
  const isNamed = ([flag, { char: short, allowNo = false }]: [string, Named]) =>
    flag === name || (allowNo && `no-${flag}` === name) || (char !== undefined && short === char);
  if (name === undefined && char === undefined) return;
  if (Object.entries(own).some(isNamed)) return;
  const [shared] = Object.entries(sharedFlags).find(isNamed) ?? [];
  if (shared === 'output')
    throw new HalonetError(`the path stands after ${command}=, without ${word}`, {
      hint: `For example: --emit ${EXAMPLE}`,
    });
  if (shared !== undefined) {
    throw new HalonetError(`--${shared} concerns the whole run, not one of its outputs`, {
      hint: `Pass --${shared} to halonet run itself, outside of --emit.`,
    });
  }
  const known = Object.keys(own).map((flag) => `--${flag}`);
  throw new HalonetError(unknownFlagsText([word], own), {
    hint: `The flags of an output of halonet ${command}: ${known.join(', ')}.`,
  });
}

/** Words an error of oclif about the flags of one output. */
function worded(error: unknown, given: string, command: string): unknown {
  if (!(error instanceof Error)) return error;
  const [message = ''] = error.message
    .replace(/^The following error occurred:\s+/, '')
    .split('\nSee more help');
  const text = message
    .replace(/^Parsing (--\S+)\s+/, '$1: ')
    .replace(/^Unexpected arguments?: /, 'unexpected text after the flags: ')
    .replace(/\s+/g, ' ')
    .trim();
  return new HalonetError(`${given}: ${reworded(text)}`, {
    hint: (error instanceof HalonetError && error.hint) || `See halonet ${command} --help-all.`,
    cause: error,
  });
}

/** The outputs of a run of several. */
export const emitFlag = Flags.custom<Emission>({
  ...inGroup('Output'),
  helpValue: 'COMMAND=PATH',
  parse: parseEmission,
});

/**
 * Returns what an output needs to be computed and written.
 *
 * @param common the flags of the whole run
 * @param settled whether the format is fixed regardless of the output's name
 * @throws {HalonetError} if the output cannot be written so
 */
export async function emittedOutput(
  { command, output, flags }: Emission,
  common: CommonFlags,
  settled: boolean,
): Promise<FileOutput> {
  try {
    return { output, ...(await TASKS[command].part({ ...common, ...flags, output }, settled)) };
  } catch (error) {
    if (settled || !(error instanceof HalonetError)) throw error;
    const hint = error.hint?.includes('--')
      ? `${error.hint} Flags of this output belong in its --emit: --emit "${EXAMPLE} --normalize"`
      : error.hint;
    throw new HalonetError(`--emit: ${command}=${output}: ${error.message}`, { hint, cause: error });
  }
}
