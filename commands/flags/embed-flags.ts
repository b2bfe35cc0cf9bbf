import { Flags, type Interfaces } from '@oclif/core';
import { elementCount } from '../../src/tensor.js';
import { dtypeFlag, sharedFlags } from './flags.js';
import { COMMON, inGroup } from './groups.js';
import type { JobPart } from './job-part.js';

export const embedFlags = {
  normalize: Flags.boolean({
    ...inGroup('Results'),
    ...COMMON,
    description: 'Scale each embedding to unit length (L2)',
  }),
  dtype: dtypeFlag,
  ...sharedFlags,
};

/**
 * Returns what `halonet embed` computes and writes.
 *
 * @param settled whether the format is fixed regardless of the output's name
 * @throws {OutputError} if the output cannot have this format
 */
export async function embedPart(
  flags: Interfaces.InferredFlags<typeof embedFlags>,
  settled: boolean,
): Promise<JobPart> {
  const { chooseFormat, embedLayout } = await import('../../src/outputs/index.js');
  const { output, dtype, normalize } = flags;
  const format = chooseFormat({ command: 'embed', output, asked: flags.format, otherwise: 'csv', settled });
  return {
    requests: [{ name: 'embedding', normalize, dtype }],
    arrangement: format.embed.arrangement,
    layout: ({ shapeOf }, columns) =>
      embedLayout({
        format,
        dtype,
        csvSafe: flags['csv-safe'],
        columns,
        features: elementCount(shapeOf('embedding')),
      }),
  };
}
