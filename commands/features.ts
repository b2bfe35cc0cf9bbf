import { featuresFlags, featuresPart } from './flags/features-flags.js';
import { inputArgs, JOB_DESCRIPTION } from './flags/flags.js';
import { JOB_EXIT_CODES } from './support/exit-codes.js';
import { JobCommand } from './support/job-command.js';

export default class Features extends JobCommand {
  static override summary = 'Extract feature maps: the output of each stage of the network';

  static override description = JOB_DESCRIPTION;

  static override examples = [
    {
      description: 'Write stages 1 to 4 to a folder, with one array per stage',
      command: 'halonet features photos --output pyramid',
    },
    {
      description: 'Check how long that takes and how much disk it needs first',
      command: 'halonet features photos --output pyramid --dry-run',
    },
    {
      description: 'Write the last two stages as CSV, averaged over each map',
      command: 'halonet features photos --stages 3,4 --pool avg --output pooled.csv',
    },
  ];

  static override exitCodes = JOB_EXIT_CODES;

  static override args = inputArgs;

  static override flags = featuresFlags;

  async run(): Promise<void> {
    const { flags, args } = await this.parse(Features);
    await this.runJob({
      flags,
      inputs: this.inputsOf(args.input, flags),
      outputs: [{ output: flags.output, ...(await featuresPart(flags, false)) }],
    });
  }
}
