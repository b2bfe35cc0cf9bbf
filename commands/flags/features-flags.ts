import { Flags, type Interfaces } from '@oclif/core';
import { HalonetError } from '../../src/errors.js';
import { isMapPool, LARGEST_GRID, type MapPool } from '../../src/model/map-pools.js';
import { dtypeFlag, sharedFlags } from './flags.js';
import { COMMON, inGroup } from './groups.js';
import type { JobPart } from './job-part.js';

const stages = Flags.custom<readonly number[]>({
  helpValue: 'N,…',
  parse: async (text) => {
    const numbers = text.split(',').map((part) => (/^\s*\d+\s*$/.test(part) ? Number(part) : Number.NaN));
    if (numbers.some(Number.isNaN) || new Set(numbers).size < numbers.length) {
      throw new HalonetError(
        `expected distinct stage numbers separated by commas, such as 1,2,3,4; received ${text}`,
      );
    }
    return numbers.toSorted((a, b) => a - b);
  },
});

const pools = Flags.custom<'none' | MapPool>({
  helpValue: 'POOL',
  parse: async (text) => {
    if (text === 'none' || isMapPool(text)) return text;
    throw new HalonetError(
      `expected none, avg, max, gem or grid:N with N from 1 to ${LARGEST_GRID}; received ${text}`,
    );
  },
});

const RESULTS = inGroup('Results');

export const featuresFlags = {
  stages: stages({
    ...RESULTS,
    ...COMMON,
    default: [1, 2, 3, 4],
    defaultHelp: async () => '1,2,3,4',
    description: 'Stages to export',
  }),
  pool: pools({
    ...RESULTS,
    ...COMMON,
    default: 'none',
    summary: 'none (default), avg, max, gem or grid:N',
    description: `Pooling of each map: avg, max or gem (generalised mean, p = 3) for one number per channel; grid:N, such as grid:2, for the means of N x N cells, up to ${LARGEST_GRID}`,
  }),
  layout: Flags.option({
    ...inGroup('Output'),
    options: ['arrays', 'per-image'] as const,
    default: 'arrays',
    description:
      'Arrays in the folder: arrays gives one per stage, with a row for each image; per-image gives one per image and stage, under the path of the image: cats/a.jpg.stage4.npy',
  })(),
  dtype: dtypeFlag,
  ...sharedFlags,
  output: described(sharedFlags.output, {
    summary: 'Output folder or file; standard output by default',
    description:
      'Output folder for NPY, or file for other formats; - is standard output. Names such as x.jsonl.gz give compressed text',
  }),
  format: described(sharedFlags.format, {
    description:
      'csv, jsonl, npy or parquet; by default from the extension of the output, otherwise npy, or jsonl on standard output',
  }),
};

/** Gives a shared flag the texts that it has for this command. */
function described<F extends object>(flag: F, texts: { summary?: string; description: string }): F {
  return { ...flag, ...texts };
}

/**
 * Returns what `halonet features` computes and writes.
 *
 * @param settled whether the format is fixed regardless of the output's name
 * @throws {OutputError} if the output cannot have this format
 */
export async function featuresPart(
  flags: Interfaces.InferredFlags<typeof featuresFlags>,
  settled: boolean,
): Promise<JobPart> {
  const { chooseFormat, featuresLayout, GLOBAL_POOLS, requireMaps, requirePerImage } = await import(
    '../../src/outputs/index.js'
  );
  const { output, dtype, pool } = flags;
  const perImage = flags.layout === 'per-image';
  const format = chooseFormat({
    command: 'features',
    output,
    asked: flags.format,
    otherwise: output === '-' && !perImage ? 'jsonl' : 'npy',
    settled,
  });
  if (pool === 'none' || pool.startsWith('grid:')) requireMaps(format, GLOBAL_POOLS);
  const names = flags.stages.map((stage) => `stage${stage}`);
  return {
    command: 'features',
    requests: names.map((name) => ({ name, dtype, ...(pool !== 'none' && { pool }) })),
    arrangement: (perImage ? requirePerImage(format) : format.features).arrangement,
    layout: ({ shapeOf }, added) =>
      featuresLayout({
        format,
        dtype,
        perImage,
        csvSafe: flags['csv-safe'],
        ...added,
        stages: names.map((name) => ({ name, shape: shapeOf(name) })),
      }),
  };
}
