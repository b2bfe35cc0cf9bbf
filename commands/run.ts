import { OutputError } from '../src/errors.js';
import type { FileOutput } from '../src/job/options.js';
import { emittedOutput, refuseOutputs } from './flags/emit-flag.js';
import { inputArgs, JOB_DESCRIPTION } from './flags/flags.js';
import { runFlags } from './flags/run-flags.js';
import { JOB_EXIT_CODES } from './support/exit-codes.js';
import { JobCommand } from './support/job-command.js';

/** @throws {OutputError} for a device or pipe as the only output, which `openDestination` would take */
async function refuseStream(outputs: readonly FileOutput[]): Promise<void> {
  const { findOutputs } = await import('../src/runs/find-outputs.js');
  const [only] = outputs;
  if (only === undefined || (await findOutputs({ outputs })).kind === 'files') return;
  throw new OutputError(`${only.output} is not a regular file, and halonet run writes no others`, {
    hint: `To write to it, use halonet ${only.command}.`,
  });
}

export default class Run extends JobCommand {
  static override summary = 'Write several outputs in one pass over the images';

  static override description =
    `${JOB_DESCRIPTION} The files are those that classify, embed and features write. The outputs resume, sync, retry and verify together.`;

  static override examples = [
    {
      description: 'Classify and embed a folder of images',
      command: 'halonet run photos --emit classify=classes.csv --emit embed=photos.npy',
    },
    {
      description: 'Set flags for one of the outputs',
      command: 'halonet run photos --emit features=maps --emit "embed=unit.npy --normalize"',
    },
    {
      description: 'Continue after an interruption',
      command: 'halonet run photos --emit classify=a.csv --emit embed=b.npy --resume',
    },
  ];

  static override exitCodes = JOB_EXIT_CODES;

  static override args = inputArgs;

  static override flags = runFlags;

  async run(): Promise<void> {
    const { flags, args } = await this.parse(Run);
    const { emit, ...common } = flags;
    const inputs = this.inputsOf(args.input, flags);
    refuseOutputs(inputs);
    const outputs = await Promise.all(emit.map((emission) => emittedOutput(emission, common, false)));
    await refuseStream(outputs);
    await this.runJob({ flags: common, inputs, outputs });
  }
}
