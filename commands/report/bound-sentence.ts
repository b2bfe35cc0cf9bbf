import type { PipelineRate } from '../../src/benchmark/report.js';
import { figure, percent } from './table.js';

/** Says in words which stage limits a pipeline. */
export function boundSentence({ photos, decode, precision, imagesPerSecond, bound }: PipelineRate): string {
  const { session, limit, inference, stage } = bound;
  const speed = imagesPerSecond.median;
  const what = `- ${photos.name}, ${decode}, ${precision}`;
  const together = `together, decoding and inference allow ${figure(limit)}`;
  const decoding = `Decoding takes ${percent(1 - inference)} of an image's time; ${together}.`;
  const near = decode === 'exact' ? ' For large photos, try --decode near or fast.' : '';
  switch (stage) {
    case 'inference':
      return `${what}: inference is the bottleneck: ${figure(speed)} images/s, ${shareText(speed, session, 'the network alone')}. ${decoding}`;
    case 'decoding':
      return `${what}: decoding is the bottleneck: ${figure(speed)} images/s, ${shareText(speed, bound.decode, 'decoding alone')}. ${decoding}${near}`;
    case 'neither':
      return `${what}: neither decoding nor inference explains ${figure(speed)} images/s: ${together}. The rest is waiting: for the disk, for other programs, or for each other.`;
  }
}

/** Compares a rate with that of a stage alone: `98% of decoding alone (112)`. */
function shareText(rate: number, alone: number, what: string): string {
  const share = rate / alone;
  const noise = share >= 1.005 ? '; above 100% is noise' : '';
  return `${percent(share)} of ${what} (${figure(alone)}${noise})`;
}
