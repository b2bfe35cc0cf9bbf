import { embedFlags, embedPart } from './flags/embed-flags.js';
import { inputArgs, JOB_DESCRIPTION } from './flags/flags.js';
import { JOB_EXIT_CODES } from './support/exit-codes.js';
import { JobCommand } from './support/job-command.js';

export default class Embed extends JobCommand {
  static override summary = 'Embed images: one vector per image, taken before the classifier';

  static override description = JOB_DESCRIPTION;

  static override examples = [
    {
      description: 'Embed a dataset as an array, with the path of each row in photos.index.csv',
      command: 'halonet embed photos --output photos.npy',
    },
    {
      description: 'Continue after an interruption, or start if there is nothing to continue',
      command: 'halonet embed photos --output photos.npy --resume',
    },
    {
      description: 'Write unit-length embeddings in half precision, for cosine similarity',
      command: 'halonet embed photos --normalize --dtype float16 --output unit.npy',
    },
  ];

  static override exitCodes = JOB_EXIT_CODES;

  static override args = inputArgs;

  static override flags = embedFlags;

  async run(): Promise<void> {
    const { flags, args } = await this.parse(Embed);
    await this.runJob({
      flags,
      inputs: this.inputsOf(args.input, flags),
      outputs: [{ output: flags.output, ...(await embedPart(flags, false)) }],
    });
  }
}
