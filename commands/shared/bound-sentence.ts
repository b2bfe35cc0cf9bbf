import type { PipelineRate } from '../../src/pipeline/benchmark/report.js';
import { figure, percent } from './table.js';

/** Which stage bounds a pipeline, in words. */
export function boundSentence({ photos, precision, imagesPerSecond, bound }: PipelineRate): string {
  const { session, decode, limit, inference, stage } = bound;
  const speed = imagesPerSecond.median;
  const what = `- ${photos.name}, ${precision}`;
  const together = `on the same cores the two allow ${figure(limit)}`;
  switch (stage) {
    case 'inference':
      return `${what}: inference bounds the pipeline: ${figure(speed)} images/s, ${percent(speed / session)} of the session alone (${figure(session)}). Decoding is ${percent(1 - inference)} of the work; ${together}.`;
    case 'decoding':
      return `${what}: decoding bounds the pipeline: ${figure(speed)} images/s, ${percent(speed / decode)} of decoding alone (${figure(decode)}). It is ${percent(1 - inference)} of the work; ${together}.`;
    case 'neither':
      return `${what}: neither stage explains ${figure(speed)} images/s: ${together}. Waiting does: for the disk, for other programs, or for each other.`;
  }
}
