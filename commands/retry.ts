import { Args, type Command, type Interfaces, Parser } from '@oclif/core';
import { HalonetError } from '../src/errors.js';
import type { Manifest } from '../src/runs/manifest.js';
import { retryFlags } from './flags/flags.js';
import { BaseCommand } from './support/base-command.js';

export default class Retry extends BaseCommand {
  static override summary = 'Compute the failed rows of an output again';

  static override description =
    `All other rows stay as they are. The output is written anew beside the old one, and takes its place when it is complete. An interrupted retry goes on when it is called again.

Exit codes: 0 all done, 1 finished with failed images, 2 could not run, 129, 130 or 143 interrupted.`;

  static override examples = [
    {
      description: 'After a network disk was away',
      command: '<%= config.bin %> <%= command.id %> photos.npy',
    },
    {
      description: 'With larger images let through',
      command: '<%= config.bin %> <%= command.id %> photos.npy --max-pixels 1000000000',
    },
  ];

  static override args = {
    output: Args.string({ required: true, description: 'what was given as --output: a file or a folder' }),
  };

  static override flags = retryFlags;

  async run(): Promise<void> {
    const { args, raw } = await this.parse(Retry);
    const { findRunToRetry } = await import('../src/runs/find-run.js');
    const { place, manifest } = await findRunToRetry(args.output);
    enter(manifest.folder);
    const [name = '', ...given] = manifest.command;
    const command = await this.config.findCommand(name, { must: true }).load();
    const then = await Parser.parse(given, { flags: command.flags, args: command.args });
    await this.config.runCommand(name, [
      ...flagArguments(then.raw, command.flags, [...namesOf(raw), ...NOT_AGAIN]),
      ...flagArguments(raw, command.flags),
      ...formatOf(manifest, namesOf(then.raw)),
      ...['--output', place.path, '--retry', JSON.stringify(manifest.command)],
      ...['--', ...then.raw.flatMap((token) => (token.type === 'arg' ? [token.input] : []))],
    ]);
  }
}

// What was said of the output then.
const NOT_AGAIN = ['output', 'overwrite', 'resume', 'sync', 'quiet', 'max-failures', 'fail-fast'];

type Token = Interfaces.ParserOutput['raw'][number];

const namesOf = (tokens: readonly Token[]) =>
  tokens.flatMap((token) => (token.type === 'flag' ? [token.flag] : []));

/** A symbolic link may have given the format by its extension, and the file that it leads to has another. */
function formatOf({ fingerprint }: Manifest, given: readonly string[]): readonly string[] {
  return given.includes('format') ? [] : ['--format', String(fingerprint.format)];
}

/** Flags as they were given, by their long names, but for some. */
function flagArguments(
  tokens: readonly Token[],
  flags: Command.Class['flags'],
  except: readonly string[] = [],
): readonly string[] {
  return tokens.flatMap((token) => {
    if (token.type !== 'flag' || except.includes(token.flag)) return [];
    return flags[token.flag]?.type === 'boolean' ? [token.input] : [`--${token.flag}`, token.input];
  });
}

/** Relative paths start where the run was started. */
function enter(folder: string): void {
  try {
    process.chdir(folder);
  } catch (cause) {
    throw new HalonetError(
      `the run was started in ${folder}, which cannot be entered (${(cause as Error).message})`,
      {
        hint: 'Its relative paths start there.',
        cause,
      },
    );
  }
}
