// commands/report/: what commands print: progress, summaries, tables, plans

import type { JobEvent } from '../../src/job/events.js';
import type { JobSummary } from '../../src/job/options.js';
import type { WrittenFile } from './written-files.js';

/** The facts about a job that a reporter needs. */
export interface ReportedJob {
  readonly command: string; // embed
  readonly model: string;
  readonly outputs: readonly string[]; // paths, or '-' alone
  readonly quiet: boolean; // print only errors
  readonly lists: boolean; // inputs are listed on standard input
  readonly typed: boolean; // standard input is a terminal
  readonly calibration: string | undefined; // images for int8 calibration
}

/** Reports what happens in a job. */
export interface Reporter {
  /** Whether to count the inputs, which takes work. */
  readonly tellsTotal: boolean;
  /** Reports that the model is about to load. */
  loading(): void;
  report(event: JobEvent): void;
  /** Reports that a signal arrived. */
  stopping(signal: NodeJS.Signals): void;
  /**
   * Reports that the job is done and its files are written.
   * @param written finds these files; not called if nothing is printed or nothing was left to do
   */
  done(summary: JobSummary, exitCode: number, written: () => Promise<readonly WrittenFile[]>): Promise<void>;
  /** Clears what is not permanent. */
  clear(): void;
}
