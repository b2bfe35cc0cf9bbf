import { enumeration } from '../../src/alternatives.js';
import type { JobEvent } from '../../src/job/events.js';
import type { JobSummary } from '../../src/job/options.js';
import { deviceLine } from './device-line.js';
import type { Display } from './display.js';
import { Downloads } from './downloads.js';
import { ProgressTally } from './job-progress.js';
import { logLine, progressLine } from './progress-line.js';
import type { ReportedJob, Reporter } from './reporter.js';
import type { StandardError } from './standard-error.js';
import { calibrationLine, summaryText } from './summary.js';
import type { WrittenFile } from './written-files.js';

/** Reports to a person: permanent lines, and a display of the progress. */
export class TextReporter implements Reporter {
  readonly #output: StandardError;
  readonly #job: ReportedJob;
  readonly #display: Display;
  readonly #downloads: Downloads;
  readonly #tally = new ProgressTally();
  #activity: () => string; // what the job does at the moment
  #isLoading = true;

  constructor(output: StandardError, job: ReportedJob, display: Display) {
    this.#output = output;
    this.#job = job;
    this.#display = display;
    this.#downloads = new Downloads(output, display, job.quiet);
    this.#activity = () => `loading ${job.model}`;
  }

  get tellsTotal(): boolean {
    return this.#display.kind !== 'none';
  }

  loading(): void {
    if (this.#display.kind === 'bar') this.#display.show(this.#activity);
  }

  report(event: JobEvent): void {
    this.#tally.report(event);
    switch (event.kind) {
      case 'download':
        this.#downloads.report(event.progress);
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
      case 'finishing':
        this.#activity = () => 'completing the files';
        this.#display.show(this.#activity);
        break;
      case 'note':
        this.#say(event.text);
        break;
      case 'row':
      case 'pulse':
        if (this.#isShown) this.#display.show(this.#activity);
        break;
      case 'counted':
      case 'stopped':
        break; // shown with the progress, and reported at the end with the failures
    }
  }

  stopping(signal: NodeJS.Signals): void {
    const again = signal === 'SIGINT' ? 'press Ctrl-C again to stop' : 'a second signal stops';
    this.#say(`finishing the current batch; ${again} at once`);
  }

  async done(summary: JobSummary, _: number, written: () => Promise<readonly WrittenFile[]>): Promise<void> {
    if (this.#job.quiet) return;
    const files = summary.done > 0 ? await written() : [];
    this.#say(summaryText(summary, this.#job.outputs, files));
  }

  clear(): void {
    this.#display.clear();
  }

  /** Whether a log has a line about what the job does: not while the model loads. */
  get #isShown(): boolean {
    return this.#display.kind === 'bar' || !this.#isLoading;
  }

  #measuring(): void {
    this.#isLoading = false;
    this.#activity = () => 'calibrating the model for int8';
    this.#display.show(this.#activity);
    if (this.#job.lists && this.#job.calibration === undefined)
      this.#say('int8: reading paths to calibrate the model on; --calibration FOLDER avoids that');
  }

  #started({ opened }: Extract<JobEvent, { kind: 'started' }>): void {
    this.#isLoading = false;
    const device = deviceLine(opened);
    if (device !== undefined) this.#say(device);
    if (this.#display.kind === 'plain') {
      const beginning = this.#beginning();
      if (device === undefined) beginning.push(`device: ${opened.device.name}`);
      this.#activity = () => [...beginning.splice(0), logLine(this.#tally.progress)].join('\n');
    } else this.#activity = () => progressLine(this.#tally.progress);
    if (this.#job.lists && this.#job.typed)
      this.#say('reading paths from the terminal, one per line; Ctrl-D ends the list');
  }

  /** Returns what a log says once, before its first line of progress: short runs need no more than their summary. */
  #beginning(): string[] {
    const { command, model, outputs } = this.#job;
    const to = outputs.includes('-') ? 'standard output' : enumeration(outputs);
    return [`started ${new Date().toISOString()}: ${command} with ${model}, to ${to}`];
  }

  #say(text: string): void {
    if (!this.#job.quiet) this.#output.print(text);
  }
}
