import { Flags, type Interfaces } from '@oclif/core';
import { sharedFlags, wholeNumber } from './flags.js';
import { COMMON, inGroup } from './groups.js';
import type { JobPart } from './job-part.js';

const RESULTS = inGroup('Results');

export const classifyFlags = {
  'top-k': wholeNumber({
    ...RESULTS,
    ...COMMON,
    char: 'k',
    helpValue: 'K',
    min: 1,
    default: 5,
    summary: 'Classes per image; 5 by default',
    description: 'Number of classes per image, best first. NPY always holds the scores of all classes',
  }),
  scores: Flags.option({
    ...RESULTS,
    ...COMMON,
    options: ['prob', 'logit'] as const,
    default: 'prob',
    description: 'Softmax probabilities, or raw logits',
  })(),
  labels: Flags.string({
    ...RESULTS,
    helpValue: 'FILE',
    description: 'Class names to use: one per line, TSV with a header (index, synset, name), or JSON',
  }),
  'label-type': Flags.option({
    ...RESULTS,
    helpValue: 'TYPE',
    options: ['name', 'full', 'synset', 'index'] as const,
    default: 'name',
    description: 'How classes are named: first name, all names, WordNet ID, or class index',
  })(),
  ...sharedFlags,
};

/**
 * Returns what `halonet classify` computes and writes.
 *
 * @param settled whether the format is fixed regardless of the output's name
 * @throws {HalonetError} if the output or the class names cannot be used
 */
export async function classifyPart(
  flags: Interfaces.InferredFlags<typeof classifyFlags>,
  settled: boolean,
): Promise<JobPart> {
  const { chooseFormat, classifyLayout } = await import('../../src/outputs/index.js');
  const { labelsOf, readLabels } = await import('../../src/models/labels.js');
  const { output } = flags;
  const format = chooseFormat({
    command: 'classify',
    output,
    asked: flags.format,
    otherwise: 'csv',
    settled,
  });
  const names = flags.labels === undefined ? undefined : await readLabels(flags.labels);
  const scores = flags.scores === 'prob' ? 'probabilities' : 'logits';
  return {
    command: 'classify',
    requests: [{ name: scores }],
    arrangement: format.classify.arrangement,
    layout: async ({ config }, added) =>
      classifyLayout({
        format,
        scores,
        topK: flags['top-k'],
        csvSafe: flags['csv-safe'],
        ...added,
        labels: await labelsOf(config, flags['label-type'], names),
      }),
  };
}
