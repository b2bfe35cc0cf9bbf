import type { Decode } from '../images/geometry.js';
import type { Session } from '../runtime/session.js';
import { boundOf } from './bound.js';
import { measuredSession } from './measured-session.js';
import type { PhotoSet } from './photo-sets.js';
import { pipelineRate } from './pipeline-rate.js';
import type { BenchmarkPlan } from './plan.js';
import type { BenchmarkReport, PipelineRate } from './report.js';
import { type Measurement, sampleInRounds } from './rounds.js';
import { sessionRate } from './session-rate.js';
import { timeToEnd, timeToOutput } from './start-times.js';
import type { Spread } from './statistics.js';
import type { Subject, Variant } from './subject.js';

type StageRates = Pick<BenchmarkReport, 'session' | 'decode'>;

/** The network at its best batch size, measured again alongside the jobs that are compared with it. */
interface Baseline extends Variant {
  readonly expected: number; // images/s, as measured before
  readonly session: Session;
  readonly measurement: Measurement;
}

/** Measures whole jobs, in turn with the network alone and process startup. */
export async function measureJobs(
  subject: Subject,
  variants: readonly Variant[],
  sets: readonly PhotoSet[],
  alone: StageRates,
  plan: BenchmarkPlan,
): Promise<Pick<BenchmarkReport, 'pipeline' | 'start'>> {
  const baselines: Baseline[] = [];
  try {
    for (const variant of variants) baselines.push(await openBaseline(variant, subject, alone, plan));
    const jobs = baselines.flatMap((baseline, i) =>
      // Precision does not affect decoding, so only the first one runs photos of every size.
      (i === 0 ? sets : sets.slice(0, 1)).flatMap((set) =>
        set.jobs.map((decode) => jobCase(set, decode, baseline, subject, alone, plan)),
      ),
    );
    const measurements = [
      ...baselines.map(({ measurement }) => measurement),
      ...jobs.map(({ measurement }) => measurement),
      ...startMeasurements(subject, sets, plan),
    ];
    const spreads = await sampleInRounds(measurements, {
      ...plan,
      phase: 'measuring whole jobs',
      rounds: plan.effort.repeats,
    });
    const spread = (measurement: Measurement) => spreads[measurements.indexOf(measurement)] as Spread;
    const [help, firstResult] = spreads.slice(-2) as [Spread, Spread];
    return {
      pipeline: jobs.map(({ measurement, baseline, finish }) =>
        finish(spread(measurement), spread(baseline.measurement).median),
      ),
      start: { help, firstResult },
    };
  } finally {
    for (const { session } of baselines) await session.close();
  }
}

async function openBaseline(
  variant: Variant,
  { preprocessing: { height, width } }: Subject,
  alone: StageRates,
  { maxThreads: threads, device, effort, signal }: BenchmarkPlan,
): Promise<Baseline> {
  const { precision } = variant;
  const rates = alone.session.filter((rate) => rate.precision === precision && rate.threads === threads);
  const { batchSize, imagesPerSecond } = rates.reduce((best, rate) =>
    rate.imagesPerSecond.median > best.imagesPerSecond.median ? rate : best,
  );
  const session = await measuredSession(await variant.onnx(), { threads, device, signal });
  const measurement = sessionRate({
    session,
    batchSize,
    height,
    width,
    seconds: effort.jobSeconds / 3,
    label: `the network alone, ${precision}, batches of ${batchSize}, ${threads} threads`,
  });
  return { ...variant, expected: imagesPerSecond.median, session, measurement };
}

const MIN_IMAGES = 16; // per job

function jobCase(
  set: PhotoSet,
  decode: Decode,
  baseline: Baseline,
  subject: Subject,
  alone: StageRates,
  plan: BenchmarkPlan,
) {
  const { photos } = set;
  const { cores, maxThreads: threads, device, machine, effort } = plan;
  const { precision } = baseline;
  const decodeAt = (decoders: number) =>
    alone.decode.find(
      (rate) => rate.photos === photos && rate.decode === decode && rate.decoders === decoders,
    )?.imagesPerSecond.median ?? 0;
  const stages = {
    cores,
    threads: device.name === 'cpu' ? threads : 0,
    decode: decodeAt(machine.decoders),
    decodeSeconds: 1 / decodeAt(1),
  };
  const { limit } = boundOf({ ...stages, session: baseline.expected, pipeline: 0 });
  const images = Math.max(MIN_IMAGES, Math.ceil(limit * effort.jobSeconds));
  const job = pipelineRate(baseline, { set, decode, images, task: subject.task }, plan);
  return {
    baseline,
    measurement: job.measurement,
    finish: (imagesPerSecond: Spread, session: number): PipelineRate => ({
      photos,
      decode,
      precision,
      threads,
      images,
      imagesPerSecond,
      found: job.found(),
      bound: boundOf({ ...stages, session, pipeline: imagesPerSecond.median }),
    }),
  };
}

/** Returns the measurements of the time to the help text and the time to the first row, in this order. */
function startMeasurements(
  { task, model }: Subject,
  sets: readonly PhotoSet[],
  { cli, architecture, asked, signal }: BenchmarkPlan,
): readonly Measurement[] {
  const [image = ''] = sets[0]?.paths ?? [];
  const of = architecture === undefined ? [] : ['--architecture', architecture];
  const on = ['--device', asked.name, '--device-id', String(asked.id)];
  return [
    timeToEnd(cli, ['--help'], signal),
    timeToOutput(cli, [task, image, '--model', model, ...of, ...on, '--format', 'csv', '--quiet'], signal),
  ];
}
