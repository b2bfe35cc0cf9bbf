import { Flags, type Interfaces } from '@oclif/core';
import { dtypeFlag, sharedFlags } from './flags.js';
import { COMMON, inGroup } from './groups.js';
import type { JobPart } from './job-part.js';

export const embedFlags = {
  normalize: Flags.boolean({
    ...inGroup('Results'),
    ...COMMON,
    description: 'Scale each embedding to unit length (L2)',
  }),
  pool: Flags.option({
    ...inGroup('Results'),
    helpValue: 'POOL',
    options: ['avg', 'max', 'avgmax', 'catavgmax', 'none'] as const,
    description:
      "Pooling of the last map, instead of the model's own: avg, max, avgmax (the mean of both), catavgmax (both, one after the other), or none for the map itself, [C, H, W], as timm's forward_features",
  })(),
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
  const { chooseFormat, embedLayout, requireMaps } = await import('../../src/outputs/index.js');
  const { output, dtype, normalize, pool } = flags;
  const format = chooseFormat({ command: 'embed', output, asked: flags.format, otherwise: 'csv', settled });
  if (pool === 'none') requireMaps(format, ['no --pool']);
  const tensor = pool === 'none' ? 'unpooled' : 'embedding';
  return {
    command: 'embed',
    requests: [{ name: tensor, ...(pool !== 'none' && pool !== undefined && { pool }), normalize, dtype }],
    arrangement: format.embed.arrangement,
    layout: ({ shapeOf }, added) =>
      embedLayout({
        format,
        dtype,
        csvSafe: flags['csv-safe'],
        ...added,
        tensor,
        shape: shapeOf(tensor),
      }),
  };
}
