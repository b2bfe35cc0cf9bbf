import { type Spread, spreadOf } from './statistics.js';

/** A measurement to repeat. */
export interface Measurement {
  readonly label: string;
  readonly sample: () => Promise<number>; // in a unit of its own, such as images per second
}

/** The current step, for a progress display. */
export interface Step {
  readonly phase: string;
  readonly unit: string; // what `total` counts: image
  readonly label: string;
  readonly done: number; // completed steps
  readonly total: number;
}

export interface RoundsOptions {
  readonly phase: string;
  readonly rounds: number; // samples per measurement
  readonly onStep?: (step: Step) => void; // before each sample
  readonly signal?: AbortSignal | undefined;
}

/**
 * Takes one sample of each measurement in turn, then repeats, so that a temporary disturbance affects all
 * measurements alike and their ratios hold.
 *
 * @returns one spread for each measurement, in their order
 * @throws the signal's reason when it aborts
 */
export async function sampleInRounds(
  measurements: readonly Measurement[],
  { phase, rounds, onStep, signal }: RoundsOptions,
): Promise<readonly Spread[]> {
  const samples = measurements.map((): number[] => []);
  const total = rounds * measurements.length;
  for (let round = 0; round < rounds; round++) {
    for (const [i, { label, sample }] of measurements.entries()) {
      signal?.throwIfAborted();
      onStep?.({ phase, unit: 'sample', label, done: round * measurements.length + i, total });
      samples[i]?.push(await sample());
    }
  }
  signal?.throwIfAborted();
  return samples.map(spreadOf);
}

export interface TimingOptions {
  readonly seconds: number; // minimum duration
  readonly lanes: number; // concurrent runs
}

/**
 * Measures seconds per run over all runs started within the duration. A first run is not counted: it warms up the
 * caches (code, weights, buffers) and the clock rate.
 */
export async function secondsPerRun(
  run: (lane: number) => Promise<void>,
  { seconds, lanes }: TimingOptions,
): Promise<number> {
  await run(0);
  let runs = 0;
  const start = performance.now();
  const elapsed = () => (performance.now() - start) / 1000;
  const work = async (lane: number) => {
    do {
      await run(lane);
      runs++;
    } while (elapsed() < seconds);
  };
  await Promise.all(Array.from({ length: lanes }, (_, lane) => work(lane)));
  return elapsed() / runs;
}
