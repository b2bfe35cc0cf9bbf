// commands/report/: what commands say: progress, summaries, tables, plans

import type { JobEvent } from '../../src/job/events.js';
import type { JobSummary } from '../../src/job/options.js';
import { deviceLine } from './device-line.js';
import { Progress } from './progress.js';
import type { StandardError } from './standard-error.js';
import { calibrationLine, summaryText } from './summary.js';
import type { WrittenFile } from './written-files.js';

/** What a reporter has to know of a job. */
export interface ReportedJob {
  readonly model: string;
  readonly output: string; // a path, or '-'
  readonly quiet: boolean; // say nothing
  readonly draws: boolean; // a line that is drawn again and again does not mix with rows on the same terminal
  readonly lists: boolean; // inputs are listed on standard input
  readonly typed: boolean; // that is a terminal
  readonly calibration: string | undefined; // images that a model is measured on
}

/** Says what happens in a job, for a person: lines that stay, and a line of progress on a terminal. */
export class Reporter {
  readonly #output: StandardError;
  readonly #job: ReportedJob;
  readonly #progress: Progress;

  constructor(output: StandardError, job: ReportedJob) {
    this.#output = output;
    this.#job = job;
    this.#progress = new Progress(output, job.quiet || !job.draws);
  }

  /** Whether the number of inputs is of use, which costs work to know. */
  get tellsTotal(): boolean {
    return this.#progress.active;
  }

  /** The model is about to be loaded. */
  loading(): void {
    this.#progress.note(`loading ${this.#job.model}`);
  }

  report(event: JobEvent): void {
    const progress = this.#progress;
    switch (event.kind) {
      case 'download':
        progress.download(event.progress);
        break;
      case 'measuring':
        this.#measuring();
        break;
      case 'calibrated':
        this.#say(calibrationLine(event.model));
        break;
      case 'started':
        this.#started(event);
        break;
      case 'counted':
        progress.setTotal(event.total);
        break;
      case 'row':
        progress.image(event.failed, event.stored);
        break;
      case 'finishing':
        progress.note('completing the files');
        break;
      case 'note':
        this.#say(event.text);
        break;
      case 'left':
        break; // said at the end, with what went wrong
    }
  }

  /** A signal has come. */
  stopping(): void {
    this.#say('finishing the current batch; a second signal stops at once');
  }

  /** The job is done, and has written files. */
  done(summary: JobSummary, written: readonly WrittenFile[] = []): void {
    this.#say(summaryText(summary, this.#job.output, written));
  }

  /** Removes the line of progress. */
  clear(): void {
    this.#progress.clear();
  }

  #measuring(): void {
    this.#progress.note('calibrating the model for int8');
    if (this.#job.lists && this.#job.calibration === undefined)
      this.#say('int8: reading paths to calibrate the model on; --calibration FOLDER avoids that');
  }

  #started({ rows, opened }: Extract<JobEvent, { kind: 'started' }>): void {
    this.#progress.begin(rows);
    const line = deviceLine(opened);
    if (line !== undefined) this.#say(line);
    if (this.#job.lists && this.#job.typed)
      this.#say('reading paths from the terminal, one a line; Ctrl-D ends');
  }

  #say(text: string): void {
    if (!this.#job.quiet) this.#output.say(text);
  }
}
