import { DECODES } from '../images/geometry.js';
import { decodeRate } from './decode-rate.js';
import { GEMM_SHAPES, openGemm } from './gemm-rate.js';
import { measuredSession } from './measured-session.js';
import type { PhotoSet } from './photo-sets.js';
import type { BenchmarkPlan } from './plan.js';
import type { BenchmarkReport, DecodeRate, GemmRate, SessionRate } from './report.js';
import { type Measurement, sampleInRounds } from './rounds.js';
import { sessionRate } from './session-rate.js';
import type { Spread } from './statistics.js';
import type { Subject, Variant } from './subject.js';

/** What is measured, and its place in the report once its spread is known. */
interface Case<T> {
  readonly measurement: Measurement;
  readonly finish: (spread: Spread) => T;
}

/** Measures every stage alone: matrix products, sessions and decoding in turn. */
export async function measureStages(
  subject: Subject,
  variants: readonly Variant[],
  sets: readonly PhotoSet[],
  plan: BenchmarkPlan,
): Promise<Pick<BenchmarkReport, 'gemm' | 'session' | 'decode'>> {
  const open: AsyncDisposable[] = [];
  try {
    const gemm = await gemmCases(plan, open);
    const session = await sessionCases(subject, variants, plan, open);
    const decode = decodeCases(subject, sets, plan);
    const spreads = await sampleInRounds(
      [...gemm, ...session, ...decode].map(({ measurement }) => measurement),
      { ...plan, phase: 'measuring stages alone', rounds: plan.effort.repeats },
    );
    let at = 0;
    const finish = <T>(some: readonly Case<T>[]) => some.map((each) => each.finish(spreads[at++] as Spread));
    const gemmRates = finish(gemm);
    const sessionRates = finish(session).map((rate) => ({
      ...rate,
      ofGemm: rate.flopsPerSecond / gemmRate(gemmRates, rate.threads),
    }));
    return { gemm: gemmRates, session: sessionRates, decode: finish(decode) };
  } finally {
    for (const one of open) await one[Symbol.asyncDispose]();
  }
}

/** Returns the best fp32 GEMM rate for a number of threads. */
function gemmRate(rates: readonly GemmRate[], threads: number): number {
  const own = rates.filter((rate) => rate.precision === 'fp32' && rate.threads === threads);
  return Math.max(...own.map(({ flopsPerSecond }) => flopsPerSecond.median));
}

async function gemmCases(
  { threads, precisions, effort, device, signal }: BenchmarkPlan,
  open: AsyncDisposable[],
): Promise<readonly Case<GemmRate>[]> {
  const cases: Case<GemmRate>[] = [];
  for (const precision of new Set(['fp32', ...precisions] as const)) {
    for (const count of threads) {
      for (const shape of GEMM_SHAPES[effort.extent]) {
        const gemm = { precision, threads: count, device, signal, shape, seconds: effort.sampleSeconds };
        const measurement = await openGemm(gemm);
        open.push(measurement);
        cases.push({
          measurement,
          finish: (flopsPerSecond) => ({
            precision,
            threads: count,
            shape: [shape.m, shape.k, shape.n],
            flopsPerSecond,
          }),
        });
      }
    }
  }
  return cases;
}

async function sessionCases(
  { flops, preprocessing: { height, width } }: Subject,
  variants: readonly Variant[],
  { threads, batchSizes, effort, device, signal }: BenchmarkPlan,
  open: AsyncDisposable[],
): Promise<readonly Case<Omit<SessionRate, 'ofGemm'>>[]> {
  const cases: Case<Omit<SessionRate, 'ofGemm'>>[] = [];
  for (const { precision, onnx } of variants) {
    for (const count of threads) {
      const session = await measuredSession(await onnx(), { threads: count, device, signal });
      open.push({ [Symbol.asyncDispose]: () => session.close() });
      for (const batchSize of batchSizes) {
        const label = `the network alone, ${precision}, batches of ${batchSize}, ${count} threads`;
        const seconds = effort.sampleSeconds;
        cases.push({
          measurement: sessionRate({ session, label, batchSize, height, width, seconds }),
          finish: (imagesPerSecond) => ({
            precision,
            threads: count,
            batchSize,
            imagesPerSecond,
            flopsPerSecond: imagesPerSecond.median * flops,
          }),
        });
      }
    }
  }
  return cases;
}

function decodeCases(
  { preprocessing }: Subject,
  sets: readonly PhotoSet[],
  { machine, effort }: BenchmarkPlan,
): readonly Case<DecodeRate>[] {
  return sets.flatMap((set) =>
    DECODES.flatMap((decode) =>
      [...new Set([1, machine.decoders])].map((decoders) => {
        const { measurement, cpuSeconds } = decodeRate({
          set,
          preprocessing: { ...preprocessing, decode },
          decoders,
          seconds: effort.sampleSeconds,
        });
        return {
          measurement,
          finish: (imagesPerSecond: Spread) => ({
            photos: set.photos,
            decode,
            decoders,
            imagesPerSecond,
            cpuSeconds: cpuSeconds(),
          }),
        };
      }),
    ),
  );
}
