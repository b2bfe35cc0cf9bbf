import { Session } from '../../runtime/session.js';
import { decodeRate } from './decode-rate.js';
import { GEMM_SHAPES, openGemm } from './gemm-rate.js';
import type { BenchmarkOptions } from './options.js';
import type { PhotoSet } from './photo-sets.js';
import type { BenchmarkReport, DecodeRate, GemmRate, SessionRate } from './report.js';
import { inRounds, type Measurement } from './rounds.js';
import { sessionRate } from './session-rate.js';
import type { Spread } from './statistics.js';
import type { Subject } from './subject.js';

type Alone = Pick<BenchmarkReport, 'gemm' | 'session' | 'decode'>;

/** What is measured, and its place in the report once its spread is known. */
interface Case<T> {
  readonly measurement: Measurement;
  readonly finish: (spread: Spread) => T;
}

/** Measures every stage by itself: matrix products, sessions and decoding in turn. */
export async function measureAlone(
  subject: Subject,
  sets: readonly PhotoSet[],
  options: BenchmarkOptions,
): Promise<Alone> {
  const open: AsyncDisposable[] = [];
  try {
    const gemm = await gemmCases(options, open);
    const session = await sessionCases(subject, options, open);
    const decode = decodeCases(subject, sets, options);
    const cases = [...gemm, ...session, ...decode];
    const spreads = await inRounds(
      cases.map(({ measurement }) => measurement),
      { ...options, phase: 'stages alone', rounds: options.effort.repeats },
    );
    let at = 0;
    const finish = <T>(some: readonly Case<T>[]) => some.map((each) => each.finish(spreads[at++] as Spread));
    const gemmRates = finish(gemm);
    const withoutRatio = finish(session);
    return {
      gemm: gemmRates,
      session: withoutRatio.map((rate) => ({
        ...rate,
        ofGemm: rate.flopsPerSecond / gemmRate(gemmRates, rate.threads),
      })),
      decode: finish(decode),
    };
  } finally {
    for (const one of open) await one[Symbol.asyncDispose]();
  }
}

/** The best fp32 GEMM rate of a number of threads. */
function gemmRate(rates: readonly GemmRate[], threads: number): number {
  const own = rates.filter((rate) => rate.precision === 'fp32' && rate.threads === threads);
  return Math.max(...own.map(({ flopsPerSecond }) => flopsPerSecond.median));
}

async function gemmCases(
  { threads, precisions, effort }: BenchmarkOptions,
  open: AsyncDisposable[],
): Promise<readonly Case<GemmRate>[]> {
  const cases: Case<GemmRate>[] = [];
  for (const precision of new Set(['fp32', ...precisions] as const)) {
    for (const count of threads) {
      for (const shape of GEMM_SHAPES[effort.extent]) {
        const measurement = await openGemm({ precision, threads: count, shape }, effort.sampleSeconds);
        open.push(measurement);
        cases.push({
          measurement,
          finish: (flopsPerSecond) => ({
            ...{ precision, threads: count, shape: [shape.m, shape.k, shape.n], flopsPerSecond },
          }),
        });
      }
    }
  }
  return cases;
}

async function sessionCases(
  { onnx, flops, preprocessing: { height, width } }: Subject,
  { threads, precisions, batchSizes, effort }: BenchmarkOptions,
  open: AsyncDisposable[],
): Promise<readonly Case<Omit<SessionRate, 'ofGemm'>>[]> {
  const cases: Case<Omit<SessionRate, 'ofGemm'>>[] = [];
  for (const precision of precisions) {
    for (const count of threads) {
      const session = await Session.open(onnx(precision), count);
      open.push({ [Symbol.asyncDispose]: () => session.close() });
      for (const batchSize of batchSizes) {
        const label = `the network alone, ${precision}, batches of ${batchSize}, ${count} threads`;
        cases.push({
          measurement: sessionRate({
            ...{ session, label, batchSize, height, width },
            seconds: effort.sampleSeconds,
          }),
          finish: (imagesPerSecond) => ({
            ...{ precision, threads: count, batchSize, imagesPerSecond },
            flopsPerSecond: imagesPerSecond.median * flops,
          }),
        });
      }
    }
  }
  return cases;
}

/** Decoders of a pipeline whose session has so many threads. */
export const pipelineDecoders = (threads: readonly number[]): number => Math.max(...threads) + 1;

function decodeCases(
  { preprocessing }: Subject,
  sets: readonly PhotoSet[],
  { threads, effort }: BenchmarkOptions,
): readonly Case<DecodeRate>[] {
  return sets.flatMap((set) =>
    [1, pipelineDecoders(threads)].map((decoders) => ({
      measurement: decodeRate({ set, preprocessing, decoders, seconds: effort.sampleSeconds }),
      finish: (imagesPerSecond: Spread) => ({ photos: set.photos, decoders, imagesPerSecond }),
    })),
  );
}
