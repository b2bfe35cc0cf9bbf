import { access, constants } from 'node:fs/promises';
import { Args, type Interfaces, Parser } from '@oclif/core';
import { HalonetError } from '../src/errors.js';
import type { FileOutput } from '../src/job/options.js';
import type { Manifest } from '../src/runs/manifest.js';
import { systemReason } from '../src/system-reason.js';
import { type Emission, emittedOutput } from './flags/emit-flag.js';
import { inputArgs, type SharedFlags } from './flags/flags.js';
import { folderOf } from './flags/job-options.js';
import { flagsForRetry, retryFlags } from './flags/retry-flags.js';
import { runFlags } from './flags/run-flags.js';
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
    const { findRunToRetry, findSet } = await import('../src/runs/find-run.js');
    const { settingsOf } = await import('../src/runs/fingerprint.js');
    const found = await findRunToRetry(args.output);
    const { manifest } = found;
    const set = await findSet(found, findRunToRetry);
    await expectFolder(manifest);
    const { common, inputs, emissions } = await recorded(manifest);
    const given = { flags, names: namesOf(raw) };
    const settled = set.flatMap(({ place }, i) => {
      const { command, flags: own } = emissions[i] ?? {};
      if (command === undefined) return [];
      const run = {
        flags: { ...common, ...own } as SharedFlags,
        inputs,
        output: place.output,
        format: settingsOf(manifest.fingerprint, i + 1).format as SharedFlags['format'], // it may come from the extension of a link
        folder: folderOf(manifest, process.cwd()),
      };
      return [{ command, ...flagsForRetry(run, given) }];
    });
    const [whole] = settled;
    if (whole === undefined) throw new Error('a run without outputs');
    const outputs: FileOutput[] = [];
    for (const { command, flags: own } of settled)
      outputs.push(await emittedOutput({ command, output: own.output, flags: own }, own, true));
    const { command, folder } = manifest;
    await this.runJob({
      flags: whole.flags,
      inputs: whole.inputs,
      outputs,
      retried: { command, folder },
      columns: columnsOf(manifest),
    });
  }
}

/** What the command of a run asked for, parsed with today's flags. */
interface RecordedRun {
  readonly common: Partial<SharedFlags>; // of all outputs
  readonly inputs: readonly string[];
  readonly emissions: readonly Pick<Emission, 'command' | 'flags'>[]; // in the order of the outputs
}

async function recorded({ command: [name = '', ...given] }: Manifest): Promise<RecordedRun> {
  if (name === 'run') {
    const { flags, raw } = await Parser.parse(given, { flags: runFlags, args: inputArgs });
    const { emit, ...common } = flags as Interfaces.InferredFlags<typeof runFlags>;
    return { common, inputs: inputsIn(raw), emissions: emit };
  }
  const task = Object.keys(TASKS).find((one): one is Emission['command'] => one === name);
  if (task === undefined)
    throw new HalonetError(`the output is one of halonet ${name}, which this version cannot retry`, {
      hint: 'Use the version of halonet that its manifest names.',
    });
  const { flags, raw } = await Parser.parse(given, { flags: TASKS[task].flags, args: inputArgs });
  return {
    common: flags as SharedFlags,
    inputs: inputsIn(raw),
    emissions: [{ command: task, flags: flags as SharedFlags }],
  };
}

const inputsIn = (raw: readonly Token[]) =>
  raw.flatMap((token) => (token.type === 'arg' ? [token.input] : []));

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
