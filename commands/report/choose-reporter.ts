import { Bar } from './bar.js';
import { type Display, NO_DISPLAY } from './display.js';
import { JsonReporter } from './json-reporter.js';
import { PlainLines } from './plain-lines.js';
import type { ReportedJob, Reporter } from './reporter.js';
import type { StandardError } from './standard-error.js';
import { TextReporter } from './text-reporter.js';

/** How to show how far a job is. */
export type ProgressKind = 'bar' | 'plain' | 'json' | 'none';

/** Returns the reporter that shows progress in a certain way. */
export function reporterFor(kind: ProgressKind, output: StandardError, job: ReportedJob): Reporter {
  switch (kind) {
    case 'bar':
      return new TextReporter(output, job, new Bar(output));
    case 'plain':
      return new TextReporter(output, job, new PlainLines(output));
    case 'json':
      return new JsonReporter(output, job);
    case 'none':
      return new TextReporter(output, job, NO_DISPLAY);
  }
}

/** Returns the display of a command without a log: a bar on a terminal, otherwise nothing. */
export function displayOf(output: StandardError, quiet: boolean): Display {
  return output.isTerminal && !quiet ? new Bar(output) : NO_DISPLAY;
}

/** What decides how progress is shown. */
export interface ProgressRequest {
  readonly asked: ProgressKind | undefined;
  readonly quiet: boolean;
  readonly isTerminal: boolean; // standard error
  readonly sharesTerminal: boolean; // rows go to a terminal, where a redrawn line would mix with them
}

/** Chooses how to show progress: a bar on a terminal, and lines elsewhere. */
export function progressKind({ asked, quiet, isTerminal, sharesTerminal }: ProgressRequest): ProgressKind {
  if (quiet) return 'none';
  const kind = asked ?? 'bar';
  if (kind !== 'bar') return kind;
  if (!isTerminal) return 'plain';
  return sharesTerminal ? 'none' : 'bar';
}
