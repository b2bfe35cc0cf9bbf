import { mulberry32 } from '../random.js';
import type { Session } from '../runtime/session.js';
import { type Measurement, secondsPerRun } from './rounds.js';

export interface SessionCase {
  readonly session: Session;
  readonly label: string;
  readonly batchSize: number;
  readonly height: number; // pixels
  readonly width: number;
  readonly seconds: number; // minimum length of a sample
}

// As in a pipeline, the next batch is ready when one ends.
const BATCHES_IN_FLIGHT = 2;

/** Measures images per second of a session on pixels in memory. */
export function sessionRate({ session, label, batchSize, height, width, seconds }: SessionCase): Measurement {
  const random = mulberry32(1);
  const buffers: Uint8Array[] = Array.from({ length: BATCHES_IN_FLIGHT }, () =>
    Uint8Array.from({ length: batchSize * height * width * 3 }, () => 256 * random()),
  );
  const run = async (lane: number) => {
    const { pixels } = await session.run(buffers[lane] ?? new Uint8Array(), [batchSize, height, width, 3]);
    buffers[lane] = pixels;
  };
  return {
    label,
    sample: async () => batchSize / (await secondsPerRun(run, { seconds, lanes: BATCHES_IN_FLIGHT })),
  };
}
