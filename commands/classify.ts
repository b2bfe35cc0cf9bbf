import { Flags } from '@oclif/core';
import { inputArgs, JOB_DESCRIPTION, sharedFlags } from './flags/flags.js';
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

  static override flags = {
    ...sharedFlags,
    'top-k': Flags.integer({ char: 'k', min: 1, default: 5, description: 'classes per image (CSV, JSONL)' }),
    scores: Flags.option({
      options: ['prob', 'logit'] as const,
      default: 'prob',
      description: 'softmax probabilities, or the logits themselves',
    })(),
    labels: Flags.string({
      helpValue: 'FILE',
      description: 'class names: one a line, TSV with a header (index, synset, name), or JSON',
    }),
    'label-type': Flags.option({
      options: ['name', 'full', 'synset', 'index'] as const,
      default: 'name',
      description: 'first name, all names, WordNet id, or number of the class',
    })(),
  };

  async run(): Promise<void> {
    const { flags, args } = await this.parse(Classify);
    const { chooseFormat, classifyLayout } = await import('../src/outputs/index.js');
    const { labelsOf, readLabels } = await import('../src/models/labels.js');
    const format = chooseFormat({
      command: 'classify',
      output: flags.output,
      asked: flags.format,
      otherwise: 'csv',
      settled: flags.retry !== undefined,
    });
    const names = flags.labels === undefined ? undefined : await readLabels(flags.labels);
    const scores = flags.scores === 'prob' ? 'probabilities' : 'logits';
    await this.runJob(flags, args.input, {
      outputs: [{ name: scores }],
      arrangement: format.classify.arrangement,
      layout: async ({ config }) =>
        classifyLayout({
          ...{ format, scores, topK: flags['top-k'], csvSafe: flags['csv-safe'] },
          labels: await labelsOf(config, flags['label-type'], names),
        }),
    });
  }
}
