import { Flags } from '@oclif/core';
import { elementCount } from '../src/tensor.js';
import { inputArgs, JOB_DESCRIPTION, sharedFlags } from './flags/flags.js';
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

  static override flags = {
    ...sharedFlags,
    normalize: Flags.boolean({ description: 'scale each embedding to unit L2 length' }),
    dtype: Flags.option({
      options: ['float32', 'float16'] as const,
      default: 'float32',
      description: 'precision of the values written',
    })(),
  };

  async run(): Promise<void> {
    const { flags, args } = await this.parse(Embed);
    const { chooseFormat, embedLayout } = await import('../src/outputs/index.js');
    const format = chooseFormat({
      command: 'embed',
      output: flags.output,
      asked: flags.format,
      otherwise: 'csv',
      settled: flags.retry !== undefined,
    });
    await this.runJob(flags, args.input, {
      outputs: [{ name: 'embedding', normalize: flags.normalize, dtype: flags.dtype }],
      arrangement: format.embed.arrangement,
      layout: ({ shapeOf }) =>
        embedLayout({
          ...{ format, dtype: flags.dtype, csvSafe: flags['csv-safe'] },
          features: elementCount(shapeOf('embedding')),
        }),
    });
  }
}
