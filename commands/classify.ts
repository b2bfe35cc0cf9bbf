import { classifyFlags, classifyPart } from './flags/classify-flags.js';
import { inputArgs, JOB_DESCRIPTION } from './flags/flags.js';
import { JobCommand } from './support/job-command.js';

export default class Classify extends JobCommand {
  static override summary = 'Name the classes of images: one row per image, best classes first';

  static override description = JOB_DESCRIPTION;

  static override examples = [
    { description: 'Classify a folder', command: '<%= config.bin %> <%= command.id %> photos > classes.csv' },
    {
      description: 'Try it with the embedded model of drawn shapes',
      command: '<%= config.bin %> <%= command.id %> --model demo fixtures/images',
    },
    {
      description: 'The best class of each image of a list, as JSON lines',
      command: 'find photos -name "*.jpg" | <%= config.bin %> <%= command.id %> - --top-k 1 --format jsonl',
    },
    {
      description: 'The logits of all classes as an array',
      command: '<%= config.bin %> <%= command.id %> photos --scores logit --output logits.npy',
    },
  ];

  static override args = inputArgs;

  static override flags = classifyFlags;

  async run(): Promise<void> {
    const { flags, args } = await this.parse(Classify);
    await this.runJob({ flags, inputs: args.input, part: await classifyPart(flags, false) });
  }
}
