import { Flags } from '@oclif/core';
import { HalonetError } from '../src/errors.js';
import { inputArgs, JOB_DESCRIPTION, sharedFlags } from './flags/flags.js';
import { JobCommand } from './support/job-command.js';

const stages = Flags.custom<readonly number[]>({
  helpValue: '0,1,…',
  parse: async (text) => {
    const numbers = text.split(',').map((part) => (/^\s*\d+\s*$/.test(part) ? Number(part) : Number.NaN));
    if (numbers.some(Number.isNaN) || new Set(numbers).size < numbers.length) {
      throw new HalonetError(
        `expected different stage numbers separated by commas, such as 1,2,3,4; received ${text}`,
      );
    }
    return numbers.toSorted((a, b) => a - b);
  },
});

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

  static override flags = {
    ...sharedFlags,
    stages: stages({
      default: [1, 2, 3, 4],
      defaultHelp: async () => '1,2,3,4',
      description: 'stages to export',
    }),
    pool: Flags.option({
      options: ['none', 'avg'] as const,
      default: 'none',
      description: 'avg: the average of each channel over the map',
    })(),
    dtype: Flags.option({
      options: ['float32', 'float16'] as const,
      default: 'float32',
      description: 'precision of the values written',
    })(),
  };

  async run(): Promise<void> {
    const { flags, args } = await this.parse(Features);
    const { chooseFormat, featuresLayout, requireMaps } = await import('../src/outputs/index.js');
    const format = chooseFormat({
      command: 'features',
      output: flags.output,
      asked: flags.format,
      otherwise: flags.output === '-' ? 'jsonl' : 'npy',
      settled: flags.retry !== undefined,
    });
    if (flags.pool === 'none') requireMaps(format);
    const names = flags.stages.map((stage) => `stage${stage}`);
    await this.runJob(flags, args.input, {
      outputs: names.map((name) => ({
        name,
        dtype: flags.dtype,
        ...(flags.pool === 'avg' && { pool: 'avg' }),
      })),
      arrangement: format.features.arrangement,
      layout: ({ shapeOf }) =>
        featuresLayout({
          ...{ format, dtype: flags.dtype, csvSafe: flags['csv-safe'] },
          stages: names.map((name) => ({ name, shape: shapeOf(name) })),
        }),
    });
  }
}
