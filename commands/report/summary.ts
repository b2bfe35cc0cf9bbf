import { enumeration } from '../../src/alternatives.js';
import { counted, grouped } from '../../src/counted.js';
import type { JobSummary } from '../../src/job/options.js';
import type { ConvertSummary } from '../../src/models/convert.js';
import { ENOUGH_IMAGES } from '../../src/models/int8/agreement.js';
import type { CalibratedModel } from '../../src/models/int8/int8.js';
import { skippedText } from '../../src/sources/skipped-files.js';
import { requestsText, sourcesText } from '../../src/sources/walk-counts.js';
import { escapeControls } from './escape-controls.js';
import { factsText } from './table.js';
import type { WrittenFile } from './written-files.js';

/** Summarises a run, with the files it wrote if there are several, and the inputs it skipped if any. */
export function summaryText(
  summary: JobSummary,
  outputs: readonly string[],
  written: readonly WrittenFile[] = [],
): string {
  const skipped = summary.retries ? undefined : skippedText(summary.skipped); // a retry walks no inputs
  const read = summary.done > 0 ? summary.sources : {};
  const [sources, requests] = [sourcesText(read), requestsText(read)];
  return [
    summaryLine(summary, outputs),
    ...(written.length > 1 ? [writtenText(written)] : []),
    ...(sources === undefined ? [] : [`read ${sources}`]),
    ...(requests === undefined ? [] : [`requests: ${requests}`]),
    ...(skipped === undefined ? [] : [`skipped ${skipped}`]),
  ].join('\n');
}

function writtenText(written: readonly WrittenFile[]): string {
  const facts = factsText(written.map(({ path, purpose }) => [escapeControls(path), purpose]));
  return facts.replace(/^/gm, '  ');
}

/**
 * Summarises a run in one line:
 * `4000 images in 80.1 s (49.9/s), 1 failed (not_found 1), tuned to batches of 8 and 2 decoders,
 * written to out.csv`.
 *
 * @param outputs as the user gave them; - is standard output
 */
function summaryLine(summary: JobSummary, outputs: readonly string[]): string {
  const { rows, done, stored, retries, failures, measured } = summary;
  if (rows === 0) return 'no images';
  const failed = failedImages(summary);
  const parts = [done === 0 ? nothingLeft(summary, enumeration(outputs)) : computedText(summary)];
  if (done > 0 && done - stored < rows) parts.push(`${counted(rows, 'row')} in all`);
  if (failed > 0) {
    const codes = Object.entries(failures).map(([code, count]) => `${code} ${grouped(count)}`);
    parts.push(`${grouped(failed)} ${retries ? 'still failed' : 'failed'} (${codes.join(', ')})`);
  }
  if (measured !== undefined) {
    const { batchSize, decoders } = measured;
    parts.push(`tuned to batches of ${batchSize} and ${counted(decoders, 'decoder')}`);
  }
  if (!outputs.includes('-') && done > 0) parts.push(`written to ${enumeration(outputs)}`);
  return parts.join(', ');
}

function computedText({ done, stored, succeeded, retries, seconds }: JobSummary): string {
  const computed = done - stored;
  if (computed === 0) return 'no images to compute';
  const rate = (computed / Math.max(seconds, 1e-3)).toFixed(1);
  const text = `${counted(computed, 'image')} in ${seconds.toFixed(1)} s (${rate}/s)`;
  return retries ? `retried ${text}, ${grouped(succeeded)} succeeded` : text;
}

/** @param outputs their names */
function nothingLeft({ rows, retries, failures }: JobSummary, outputs: string): string {
  if (!retries || failedImages({ failures }) > 0)
    return `nothing left to do: ${counted(rows, 'image')} in ${outputs}`;
  const all = rows === 1 ? 'the only image' : `all ${counted(rows, 'image')}`;
  return `no failed rows to retry: ${all} of ${outputs} ${rows === 1 ? 'has a result' : 'have results'}`;
}

export function failedImages({ failures }: Pick<JobSummary, 'failures'>): number {
  return Object.values(failures).reduce((sum, count) => sum + count, 0);
}

const FEW_AGREE = 0.95;

/**
 * Says in one line how well int8 agrees with the original model:
 * `int8: same top class as fp32 on 63 of 64 calibration images (cosine similarity 0.9989); calibration saved to …`.
 * Adds lines if the agreement is low or was measured on few images.
 */
export function calibrationLine({ calibration, path, measured, notKept }: CalibratedModel): string {
  const { images, agreement } = calibration;
  const { sameTop1, similarity } = agreement;
  const found =
    sameTop1 === undefined
      ? `cosine similarity to fp32 ${similarity.toFixed(4)} on ${counted(images, 'calibration image')}`
      : `same top class as fp32 on ${sameTop1} of ${counted(images, 'calibration image')} (cosine similarity ${similarity.toFixed(4)})`;
  const kept = notKept === undefined ? `${measured ? 'saved to' : 'from'} ${path}` : `not saved: ${notKept}`;
  const few =
    images < ENOUGH_IMAGES
      ? `\n  calibrated on ${counted(images, 'image')} only, too few to rely on: --calibration FOLDER uses more`
      : '';
  const differs = Math.min(similarity, (sameTop1 ?? images) / images) < FEW_AGREE;
  const warning = differs
    ? '\n  int8 changes the results of this model: check them, or use --precision fp32'
    : '';
  return `int8: ${found}; calibration ${kept}${few}${warning}`;
}

/** Summarises a conversion in one line: `demo.onnx: 0.9 MB, ONNX opset 17, outputs: logits, embedding`. */
export function conversionLine({ bytes, outputs, opset }: ConvertSummary, output: string): string {
  const name = output === '-' ? 'standard output' : output;
  return `${name}: ${(bytes / 1e6).toFixed(1)} MB, ONNX opset ${opset}, outputs: ${outputs.join(', ')}`;
}
