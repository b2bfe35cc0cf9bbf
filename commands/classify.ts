import { classifyFlags, classifyPart } from './flags/classify-flags.js';
import { inputArgs, JOB_DESCRIPTION } from './flags/flags.js';
import { JOB_EXIT_CODES } from './support/exit-codes.js';
import { JobCommand } from './support/job-command.js';

export default class Classify extends JobCommand {
  static override summary = 'Classify images: one row per image, with its best classes first';

  static override description = JOB_DESCRIPTION;

  static override examples = [
    {
      description: 'Classify a folder of images',
      command: 'halonet classify photos --output classes.csv',
    },
    {
      description: 'Try it without a download: the demo model recognises 16 shapes and textures',
      command: 'halonet classify photos --model demo',
    },
    {
      description: 'Print the best class of each image on a list, as JSON lines',
      command: "find photos -name '*.jpg' | halonet classify - --top-k 1 --format jsonl",
    },
  ];

  static override exitCodes = JOB_EXIT_CODES;

  static override args = inputArgs;

  static override flags = classifyFlags;

  async run(): Promise<void> {
    const { flags, args } = await this.parse(Classify);
    await this.runJob({
      flags,
      inputs: this.inputsOf(args.input, flags),
      outputs: [{ output: flags.output, ...(await classifyPart(flags, false)) }],
    });
  }
}
