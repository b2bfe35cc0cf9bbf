import { Session } from '../../runtime/session.js';
import { pipelineDecoders } from './alone.js';
import { boundOf } from './bound.js';
import type { BenchmarkOptions } from './options.js';
import type { PhotoSet } from './photo-sets.js';
import { pipelineRate } from './pipeline-rate.js';
import type { BenchmarkPrecision } from './precision.js';
import type { BenchmarkReport, PipelineRate } from './report.js';
import { inRounds, type Measurement } from './rounds.js';
import { sessionRate } from './session-rate.js';
import { timeToEnd, timeToOutput } from './start-times.js';
import type { Spread } from './statistics.js';
import type { Subject } from './subject.js';

interface Known {
  readonly subject: Subject;
  readonly sets: readonly PhotoSet[];
  readonly alone: Pick<BenchmarkReport, 'session' | 'decode'>;
  readonly cores: number;
  readonly folder: string; // for outputs
}

/** The network at its best batch size, measured again beside the pipelines that are compared with it. */
interface Baseline {
  readonly precision: BenchmarkPrecision;
  readonly threads: number;
  readonly batchSize: number;
  readonly session: Session;
  readonly measurement: Measurement;
}

/** Measures whole jobs, with the network alone in turn, and the start of processes. */
export async function measureTogether(
  options: BenchmarkOptions,
  known: Known,
): Promise<Pick<BenchmarkReport, 'pipeline' | 'start'>> {
  const baselines: Baseline[] = [];
  try {
    for (const precision of options.precisions) {
      baselines.push(await openBaseline(precision, options, known));
    }
    const pipelines = baselines.flatMap((baseline, i) =>
      // Precision changes nothing in decoding: photos of every size go through the first alone.
      (i === 0 ? known.sets : known.sets.slice(0, 1)).map((set) =>
        pipelineCase(set, baseline, options, known),
      ),
    );
    const measurements = [
      ...baselines.map(({ measurement }) => measurement),
      ...pipelines.map(({ measurement }) => measurement),
      ...startMeasurements(options, known),
    ];
    const spreads = await inRounds(measurements, {
      ...options,
      phase: 'whole jobs',
      rounds: options.effort.jobRepeats,
    });
    const spread = (measurement: Measurement) => spreads[measurements.indexOf(measurement)] as Spread;
    const [help, firstResult] = spreads.slice(-2) as [Spread, Spread];
    return {
      pipeline: pipelines.map(({ measurement, baseline, finish }) =>
        finish(spread(measurement), spread(baseline.measurement).median),
      ),
      start: { help, firstResult },
    };
  } finally {
    for (const { session } of baselines) await session.close();
  }
}

async function openBaseline(
  precision: BenchmarkPrecision,
  { threads, effort }: BenchmarkOptions,
  { subject, alone }: Known,
): Promise<Baseline> {
  const most = Math.max(...threads);
  const rates = alone.session.filter((rate) => rate.precision === precision && rate.threads === most);
  const { batchSize } = rates.reduce((best, rate) =>
    rate.imagesPerSecond.median > best.imagesPerSecond.median ? rate : best,
  );
  const session = await Session.open(subject.onnx(precision), most);
  const { height, width } = subject.preprocessing;
  const measurement = sessionRate({
    ...{ session, batchSize, height, width, seconds: effort.jobSeconds / 3 },
    label: `the network alone, ${precision}, batches of ${batchSize}, ${most} threads`,
  });
  return { precision, threads: most, batchSize, session, measurement };
}

function pipelineCase(set: PhotoSet, baseline: Baseline, options: BenchmarkOptions, known: Known) {
  const { precision, threads, batchSize } = baseline;
  const { photos } = set;
  const decodeAt = (decoders: number) =>
    known.alone.decode.find((rate) => rate.photos === photos && rate.decoders === decoders)?.imagesPerSecond
      .median ?? 0;
  const stages = {
    ...{ threads, cores: known.cores },
    decode: decodeAt(pipelineDecoders(options.threads)),
    decodeSeconds: 1 / decodeAt(1),
  };
  const expected = known.alone.session.find(
    (rate) => rate.precision === precision && rate.threads === threads && rate.batchSize === batchSize,
  );
  const { limit } = boundOf({ ...stages, session: expected?.imagesPerSecond.median ?? 0, pipeline: 0 });
  const images = Math.max(2 * batchSize, Math.ceil(limit * options.effort.jobSeconds));
  return {
    baseline,
    measurement: pipelineRate({
      ...{ ...options, ...known, checkpoint: options, task: known.subject.task },
      ...{ set, precision, batchSize, threads, images },
    }),
    finish: (imagesPerSecond: Spread, session: number): PipelineRate => ({
      ...{ photos, precision, threads, batchSize, images, imagesPerSecond },
      bound: boundOf({ ...stages, session, pipeline: imagesPerSecond.median }),
    }),
  };
}

/** The time to see what there is, and to see the first row: in this order. */
function startMeasurements(
  { cli, model, architecture }: BenchmarkOptions,
  { subject, sets }: Known,
): readonly Measurement[] {
  const [image = ''] = sets[0]?.paths ?? [];
  const of = architecture === undefined ? [] : ['--architecture', architecture];
  return [
    timeToEnd(cli, ['--help']),
    timeToOutput(cli, [subject.task, image, '--model', model, ...of, '--format', 'csv', '--quiet']),
  ];
}
