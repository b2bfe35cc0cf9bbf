import type { Command, Errors } from '@oclif/core';
import { reworded } from '../flags/reworded.js';
import { unknownFlagsText } from '../flags/unknown-flag.js';
import type { Failure } from './failure.js';

/** What usage errors say about the command that was called. */
export interface CalledCommand {
  readonly help: string; // halonet classify --help
  readonly example: string | undefined; // a complete command line
  readonly flags: Command.Class['flags'];
}

/** The fields of oclif's errors about a command line, whose classes it does not export. */
interface Fields {
  readonly args: readonly unknown[]; // UnexpectedArgsError: texts; RequiredArgsError: definitions
  readonly flags: readonly string[]; // NonExistentFlagsError
  readonly parse: {
    readonly input: Pick<Command.Class, 'flags'>;
    readonly output: {
      readonly flags: Readonly<Record<string, unknown>>;
      readonly metadata: { readonly flags: Readonly<Record<string, { readonly setFromDefault?: boolean }>> };
    };
  };
}

/**
 * Words an error of oclif about arguments and flags as halonet's own errors.
 *
 * @param message the error's text, which tells what its fields do not
 */
export function usageFailure(error: Errors.CLIError, message: string, called: CalledCommand): Failure {
  const { args, flags, parse } = error as Errors.CLIError & Fields;
  const see = `See ${called.help}.`;
  switch (error.constructor.name) {
    case 'NonExistentFlagsError':
      return { message: unknownFlagsText(flags, called.flags), hint: `${see}${ofOutputs(called)}` };
    case 'UnexpectedArgsError':
      return { message: `unexpected argument${args.length > 1 ? 's' : ''}: ${args.join(', ')}`, hint: see };
    case 'RequiredArgsError': {
      const [arg] = args as readonly { readonly name: string; readonly description?: string }[];
      return missing(arg?.name.toUpperCase() ?? 'an argument', arg?.description, called);
    }
    case 'FailedFlagValidationError':
      return refusedFlags(parse, called) ?? { message, hint: see };
    default:
      return { message: reworded(message), hint: see };
  }
}

/** Tells where the flags of a single output belong, in a command that writes several. */
const ofOutputs = ({ flags }: CalledCommand) =>
  flags.emit === undefined
    ? ''
    : ' Flags of a single output belong in its --emit: --emit "embed=photos.npy --normalize"';

function missing(label: string, description: string | undefined, { help, example }: CalledCommand): Failure {
  return {
    message: `${label} is missing${description === undefined ? '' : `: ${uncapitalised(description)}`}`,
    hint: `See ${help}.${example === undefined ? '' : ` For example: ${example}`}`,
  };
}

/** Reports a required flag that is not given, one that needs another, or two that exclude each other. */
function refusedFlags({ input, output }: Fields['parse'], called: CalledCommand): Failure | undefined {
  const isGiven = (name: string) =>
    output.flags[name] !== undefined && !output.metadata.flags[name]?.setFromDefault;
  for (const [name, { required, exclusive = [], dependsOn, summary, description }] of Object.entries(
    input.flags,
  )) {
    if (required && !isGiven(name)) return missing(`--${name}`, summary ?? description, called);
    const needed = (dependsOn ?? []).find((one) => typeof one === 'string' && !isGiven(one));
    if (isGiven(name) && needed !== undefined)
      return { message: `--${name} needs --${needed}`, hint: `See ${called.help}.` };
    const other = exclusive.find((one) => typeof one === 'string' && isGiven(one));
    if (!isGiven(name) || typeof other !== 'string') continue;
    const purposes = [name, other].map((one) => `--${one}: ${purposeOf(input.flags[one])}.`);
    return {
      message: `--${name} and --${other} exclude each other`,
      hint: `Pass one of them. ${purposes.join(' ')}`,
    };
  }
  return undefined;
}

const purposeOf = (flag: Command.Class['flags'][string] | undefined) =>
  uncapitalised(flag?.summary ?? flag?.description ?? '');

/** Leaves acronyms as they are. */
const uncapitalised = (text: string) => text.replace(/^[A-Z](?=[a-z ])/, (letter) => letter.toLowerCase());
