import type { PipelineRate } from '../../src/benchmark/report.js';
import { figure, percent } from './table.js';

/** Says in words which stage limits a pipeline. */
export function boundSentence({ photos, decode, precision, imagesPerSecond, bound }: PipelineRate): string {
  const { session, limit, inference, stage } = bound;
  const speed = imagesPerSecond.median;
  const what = `- ${photos.name}, ${decode}, ${precision}`;
  const together = `together the two allow ${figure(limit)}`;
  switch (stage) {
    case 'inference':
      return `${what}: inference bounds the pipeline: ${figure(speed)} images/s, ${percent(speed / session)} of the session alone (${figure(session)}). Decoding is ${percent(1 - inference)} of the time of an image; ${together}.`;
    case 'decoding':
      return `${what}: decoding bounds the pipeline: ${figure(speed)} images/s, ${percent(speed / bound.decode)} of decoding alone (${figure(bound.decode)}). It is ${percent(1 - inference)} of the time of an image; ${together}.${decode === 'exact' ? ' On large photos --decode near and fast are faster.' : ''}`;
    case 'neither':
      return `${what}: neither stage explains ${figure(speed)} images/s: ${together}. Waiting does: for the disk, for other programs, or for each other.`;
  }
}
