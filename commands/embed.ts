import { embedFlags, embedPart } from './flags/embed-flags.js';
import { inputArgs, JOB_DESCRIPTION } from './flags/flags.js';
import { JobCommand } from './support/job-command.js';

export default class Embed extends JobCommand {
  static override summary = 'Turn images into embeddings: the pooled features before the classifier';

  static override description = JOB_DESCRIPTION;

  static override examples = [
    {
      description: 'Embed a dataset into an array, with the path of each row beside it',
      command: '<%= config.bin %> <%= command.id %> photos --output photos.npy',
    },
    {
      description: 'Unit-length embeddings in half precision, for cosine similarity',
      command: '<%= config.bin %> <%= command.id %> photos --normalize --dtype float16 --output photos.npy',
    },
    {
      description: 'As JSON lines',
      command: '<%= config.bin %> <%= command.id %> photos --output photos.jsonl',
    },
  ];

  static override args = inputArgs;

  static override flags = embedFlags;

  async run(): Promise<void> {
    const { flags, args } = await this.parse(Embed);
    await this.runJob({ flags, inputs: args.input, part: await embedPart(flags, false) });
  }
}
