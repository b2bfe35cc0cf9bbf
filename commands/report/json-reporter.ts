import type { JobEvent } from '../../src/job/events.js';
import type { JobSummary } from '../../src/job/options.js';
import type { StageSeconds } from '../../src/stream/stage-clock.js';
import { boundStage } from '../../src/stream/stage-clock.js';
import { type JobProgress, ProgressTally } from './job-progress.js';
import type { ReportedJob, Reporter } from './reporter.js';
import type { StandardError } from './standard-error.js';
import { failedImages } from './summary.js';
import type { WrittenFile } from './written-files.js';

const EVERY_MS = 1000; // between two reports of a download

/**
 * Reports to a program: events as JSON lines, described in docs/long-runs.md. Fields that are not known are null, so that every
 * event of a kind has the same fields.
 */
export class JsonReporter implements Reporter {
  readonly tellsTotal = true;
  readonly #output: StandardError;
  readonly #job: ReportedJob;
  readonly #tally: ProgressTally;
  readonly #now: () => number;
  readonly #downloads = new Map<string, number>(); // file to the time of its last report
  #isProcessing = false;

  /** @param now the time in milliseconds */
  constructor(output: StandardError, job: ReportedJob, now = () => performance.now()) {
    this.#output = output;
    this.#job = job;
    this.#tally = new ProgressTally(now);
    this.#now = now;
  }

  loading(): void {
    const { command, model, outputs } = this.#job;
    this.#output.event('loading', { command, model, outputs });
  }

  report(event: JobEvent): void {
    this.#tally.report(event);
    switch (event.kind) {
      case 'download':
        this.#download(event);
        break;
      case 'measuring':
        this.#output.event('calibrating');
        break;
      case 'calibrated':
        this.#calibrated(event);
        break;
      case 'started':
        this.#started(event);
        break;
      case 'pulse':
        if (this.#isProcessing) this.#output.event('progress', progressFields(this.#tally.progress));
        break;
      case 'finishing':
        this.#isProcessing = false;
        this.#output.event('finishing');
        break;
      case 'stopped':
        this.#isProcessing = false;
        this.#output.event('stopped', { rows: event.rows });
        break;
      case 'note':
        this.#output.event('note', { message: event.text });
        break;
      case 'row':
      case 'counted':
        break; // part of the next progress
    }
  }

  stopping(signal: NodeJS.Signals): void {
    this.#output.event('stopping', { signal });
  }

  async done(
    summary: JobSummary,
    exitCode: number,
    written: () => Promise<readonly WrittenFile[]>,
  ): Promise<void> {
    const { rows, done, stored, succeeded, failures, seconds, measured, stages, skipped, sources } = summary;
    const files = done > 0 ? await written() : [];
    const computed = done - stored;
    this.#output.event('done', {
      rows,
      computed,
      succeeded,
      failed: failedImages(summary),
      failures,
      seconds: rounded(seconds),
      imagesPerSecond: rounded(computed / Math.max(seconds, 1e-3)),
      batchSize: measured?.batchSize ?? null,
      decoders: measured?.decoders ?? null,
      boundBy: (stages && boundStage(stages)) ?? null,
      stageSeconds: stages === undefined ? null : roundedStages(stages),
      read: sources,
      skipped,
      outputs: this.#job.outputs,
      files: files.map(({ path, purpose }) => ({ path, purpose })),
      exitCode,
    });
  }

  clear(): void {}

  #download({ progress: { file, received, total } }: Extract<JobEvent, { kind: 'download' }>): void {
    const now = this.#now();
    const last = this.#downloads.get(file) ?? Number.NEGATIVE_INFINITY;
    if (received < total && now - last < EVERY_MS) return;
    this.#downloads.set(file, now);
    this.#output.event('download', { file, receivedBytes: received, totalBytes: total });
  }

  #calibrated({ model }: Extract<JobEvent, { kind: 'calibrated' }>): void {
    const { calibration, path, measured, notKept } = model;
    const { images, agreement } = calibration;
    this.#output.event('calibrated', {
      images,
      sameTop1: agreement.sameTop1 ?? null,
      similarity: agreement.similarity,
      path,
      measured,
      saved: measured && notKept === undefined,
    });
  }

  #started({ opened, counts }: Extract<JobEvent, { kind: 'started' }>): void {
    this.#isProcessing = true;
    const { device, chosen, skipped } = opened;
    this.#output.event('started', {
      device: device.name,
      chosen,
      skippedDevices: skipped.map(({ name, reason }) => ({ device: name, reason })),
      rows: counts.rows,
    });
    const { lists, typed } = this.#job;
    if (lists && typed)
      this.#output.event('note', { message: 'reading paths from the terminal; Ctrl-D ends the list' });
  }
}

/** Returns the fields of an event `progress`. */
function progressFields(progress: JobProgress): Readonly<Record<string, unknown>> {
  const { rows, computed, total, failed, failures, secondsLeft, bytes, boundBy, stages } = progress;
  return {
    rows,
    computed,
    total: total ?? null,
    failed,
    failures,
    imagesPerSecond: rounded(progress.imagesPerSecond),
    meanImagesPerSecond: rounded(progress.meanImagesPerSecond),
    secondsElapsed: rounded(progress.secondsElapsed),
    secondsLeft: secondsLeft === undefined ? null : rounded(secondsLeft),
    outputBytes: bytes ?? null,
    boundBy: boundBy ?? null,
    stageSeconds: stages === undefined ? null : roundedStages(stages),
  };
}

const rounded = (value: number) => Number(value.toFixed(3));

const roundedStages = (stages: StageSeconds) =>
  Object.fromEntries(Object.entries(stages).map(([stage, seconds]) => [stage, rounded(seconds)]));
