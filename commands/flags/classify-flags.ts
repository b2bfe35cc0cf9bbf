import { Flags, type Interfaces } from '@oclif/core';
import { sharedFlags } from './flags.js';
import type { JobPart } from './job-part.js';

export const classifyFlags = {
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

/**
 * What `halonet classify` computes and writes.
 * @param settled whether the format is given, whatever the name of the output says
 * @throws {HalonetError} where the output or the class names cannot be used
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
    requests: [{ name: scores }],
    arrangement: format.classify.arrangement,
    layout: async ({ config }) =>
      classifyLayout({
        format,
        scores,
        topK: flags['top-k'],
        csvSafe: flags['csv-safe'],
        labels: await labelsOf(config, flags['label-type'], names),
      }),
  };
}
