// commands/report/: what commands print: progress, summaries, tables, plans

import type { JobEvent } from '../../src/job/events.js';
import type { JobSummary } from '../../src/job/options.js';
import { deviceLine } from './device-line.js';
import { Progress } from './progress.js';
import type { StandardError } from './standard-error.js';
import { calibrationLine, summaryText } from './summary.js';
import type { WrittenFile } from './written-files.js';

/** The facts about a job that a reporter needs. */
export interface ReportedJob {
  readonly model: string;
  readonly output: string; // a path, or '-'
  readonly quiet: boolean; // print nothing
  readonly draws: boolean; // false if the progress line would mix with rows on the same terminal
  readonly lists: boolean; // inputs are listed on standard input
  readonly typed: boolean; // standard input is a terminal
  readonly calibration: string | undefined; // images for int8 calibration
}

/** Reports what happens in a job to a person: permanent lines, and a progress line on a terminal. */
export class Reporter {
  readonly #output: StandardError;
  readonly #job: ReportedJob;
  readonly #progress: Progress;

  constructor(output: StandardError, job: ReportedJob) {
    this.#output = output;
    this.#job = job;
    this.#progress = new Progress(output, job.quiet || !job.draws);
  }

  /** Whether to count the inputs, which takes work. */
  get tellsTotal(): boolean {
    return this.#progress.active;
  }

  /** Reports that the model is about to load. */
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
      case 'stopped':
        break; // reported at the end, with the failures
    }
  }

  /** Reports that a signal arrived. */
  stopping(signal: NodeJS.Signals): void {
    const again = signal === 'SIGINT' ? 'press Ctrl-C again to stop' : 'a second signal stops';
    this.#say(`finishing the current batch; ${again} at once`);
  }

  /**
   * Reports that the job is done and its files are written.
   * @param written finds these files; not called if nothing is printed or nothing was left to do
   */
  async done(summary: JobSummary, written: () => Promise<readonly WrittenFile[]>): Promise<void> {
    if (this.#job.quiet) return;
    const files = summary.done > 0 ? await written() : [];
    this.#say(summaryText(summary, this.#job.output, files));
  }

  /** Clears the progress line. */
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
      this.#say('reading paths from the terminal, one per line; Ctrl-D ends the list');
  }

  #say(text: string): void {
    if (!this.#job.quiet) this.#output.print(text);
  }
}
