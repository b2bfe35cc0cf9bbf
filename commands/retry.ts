import { access, constants } from 'node:fs/promises';
import { Args, type Interfaces, Parser } from '@oclif/core';
import { HalonetError } from '../src/errors.js';
import type { Manifest } from '../src/runs/manifest.js';
import { systemReason } from '../src/system-reason.js';
import { inputArgs, type SharedFlags } from './flags/flags.js';
import { folderOf } from './flags/job-options.js';
import { flagsForRetry, retryFlags } from './flags/retry-flags.js';
import { TASKS } from './flags/tasks.js';
import { JOB_EXIT_CODES } from './support/exit-codes.js';
import { JobCommand } from './support/job-command.js';

export default class Retry extends JobCommand {
  static override summary = 'Try the failed images of an output again';

  static override description =
    `Keeps all other rows and the settings of the run. The new output is written beside the old one and replaces it when it is complete. Run the same command again to continue an interrupted retry.`;

  static override examples = [
    {
      description: 'Try failed images again, for example after a network disk was unavailable',
      command: 'halonet retry photos.npy',
    },
    {
      description: 'Allow more time and larger images',
      command: 'halonet retry photos.npy --decode-timeout 600 --max-pixels 1000M',
    },
  ];

  static override exitCodes = JOB_EXIT_CODES;

  static override args = {
    output: Args.string({
      required: true,
      description: 'File or folder given as --output of a finished run',
    }),
  };

  static override flags = retryFlags;

  async run(): Promise<void> {
    const { args, flags, raw } = await this.parse(Retry);
    const { findRunToRetry } = await import('../src/runs/find-run.js');
    const { manifest } = await findRunToRetry(args.output);
    await expectFolder(manifest);
    const { task, parsed } = await recorded(manifest);
    const settled = flagsForRetry(
      {
        flags: parsed.flags as SharedFlags,
        inputs: parsed.raw.flatMap((token) => (token.type === 'arg' ? [token.input] : [])),
        output: args.output,
        format: manifest.fingerprint.format as SharedFlags['format'], // it may come from the extension of a link
        folder: folderOf(manifest, process.cwd()),
      },
      { flags, names: namesOf(raw) },
    );
    const { command, folder } = manifest;
    const part = await task.part(settled.flags, true);
    await this.runJob({
      flags: settled.flags,
      inputs: settled.inputs,
      part,
      retried: { command, folder },
      columns: columnsOf(manifest),
    });
  }
}

/** The command of a run, parsed with today's flags. */
async function recorded({ command: [name = '', ...given] }: Manifest) {
  const task = Object.entries(TASKS).find(([one]) => one === name)?.[1];
  if (task === undefined)
    throw new HalonetError(`the output is one of halonet ${name}, which this version cannot retry`, {
      hint: 'Use the version of halonet that its manifest names.',
    });
  return { task, parsed: await Parser.parse(given, { flags: task.flags, args: inputArgs }) };
}

type Token = Interfaces.ParserOutput['raw'][number];

const namesOf = (tokens: readonly Token[]) =>
  tokens.flatMap((token) => (token.type === 'flag' ? [token.flag] : []));

/** Checks that the folder where the run started can be entered; its relative paths start there. */
async function expectFolder({ folder }: Manifest): Promise<void> {
  await access(folder, constants.X_OK).catch((cause: Error) => {
    throw new HalonetError(
      `the run was started in ${folder}, which cannot be entered (${systemReason(cause)})`,
      {
        hint: 'Restore that folder: the relative paths of the run start there.',
        cause,
      },
    );
  });
}

/** The columns of items that an output keeps. */
const columnsOf = ({ fingerprint: { columns } }: Manifest): readonly string[] =>
  columns === undefined ? [] : JSON.parse(String(columns));
