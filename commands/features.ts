import { featuresFlags, featuresPart } from './flags/features-flags.js';
import { inputArgs, JOB_DESCRIPTION } from './flags/flags.js';
import { JobCommand } from './support/job-command.js';

export default class Features extends JobCommand {
  static override summary = 'Export the feature maps of the stages of the network, the feature pyramid';

  static override description = JOB_DESCRIPTION;

  static override examples = [
    {
      description: 'Stages 1 to 4 of every image: a folder with one array per stage',
      command: '<%= config.bin %> <%= command.id %> photos --output pyramid',
    },
    {
      description: 'The last two stages, averaged over the map, as CSV',
      command: '<%= config.bin %> <%= command.id %> photos --stages 3,4 --pool avg --output pooled.csv',
    },
  ];

  static override args = inputArgs;

  static override flags = featuresFlags;

  async run(): Promise<void> {
    const { flags, args } = await this.parse(Features);
    await this.runJob({ flags, inputs: args.input, part: await featuresPart(flags, false) });
  }
}
