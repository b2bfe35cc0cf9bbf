// src/benchmark/: what `halonet benchmark` measures

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { measureJobs } from './job-rates.js';
import type { BenchmarkOptions } from './options.js';
import { GENERATED_SIZES, generatedPhotos, type PhotoSet, photosIn } from './photo-sets.js';
import { planBenchmark } from './plan.js';
import { writeRandomCheckpoint } from './random-checkpoint.js';
import type { BenchmarkReport } from './report.js';
import { measureStages } from './stage-rates.js';
import { openSubject, type Subject, variantsOf } from './subject.js';

/**
 * Measures a machine and a model on it: matrix products, the network, decoding, whole jobs, and startup time.
 * Always removes its temporary files.
 *
 * @throws HalonetError if the model, the device or the images cannot be used
 * @throws the signal's reason when it aborts
 */
export async function runBenchmark(options: BenchmarkOptions): Promise<BenchmarkReport> {
  const folder = await mkdtemp(join(tmpdir(), 'halonet-benchmark-'));
  try {
    return await measure(options, folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function measure(options: BenchmarkOptions, folder: string): Promise<BenchmarkReport> {
  const { model: name, randomWeights } = options;
  if (randomWeights) await writeRandomCheckpoint(name, folder);
  const subject = await openSubject(randomWeights ? folder : name, options);
  const plan = await planBenchmark(options, subject.precision, folder);
  const sets = await photoSets(options, subject, folder);
  const [first] = sets as readonly [PhotoSet, ...PhotoSet[]];
  const variants = await variantsOf(subject, first, plan);
  const alone = await measureStages(subject, variants, sets, plan);
  const together = await measureJobs(subject, variants, sets, alone, plan);
  const { architecture, flops, preprocessing } = subject;
  const { height, width } = preprocessing;
  return {
    model: { name, architecture, randomWeights, height, width, flops },
    device: plan.device.name,
    ...alone,
    ...together,
  };
}

async function photoSets(
  options: BenchmarkOptions,
  { preprocessing }: Subject,
  folder: string,
): Promise<readonly PhotoSet[]> {
  const { images, effort, machine, signal, onStep } = options;
  if (images !== undefined)
    return [await photosIn(images, { ...options, preprocessing, decoders: machine.decoders })];
  const sets: PhotoSet[] = [];
  const sizes = GENERATED_SIZES[effort.extent];
  for (const [done, size] of sizes.entries()) {
    const label = `${size.width}×${size.height}`;
    onStep?.({ phase: 'generating images', unit: 'size', label, done, total: sizes.length });
    sets.push(await generatedPhotos(folder, size, signal));
  }
  return sets;
}
