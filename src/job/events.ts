import type { OpenedSession } from '../devices/open-session.js';
import type { HubProgress } from '../hub/hub.js';
import type { CalibratedModel } from '../models/int8/int8.js';
import type { failureCode, RowCounts } from '../rows.js';
import type { StageSeconds } from '../stream/stage-clock.js';

/** What can be measured of a job at any moment. */
export interface Measured {
  readonly stages: StageSeconds; // what its run has waited for so far
  readonly bytes: number | undefined; // of its output so far; undefined for a stream
}

/** What happens in a job, in the order in which it can happen. */
export type JobEvent =
  | { readonly kind: 'download'; readonly progress: HubProgress }
  | { readonly kind: 'measuring' } // the model for int8, which takes a while
  | { readonly kind: 'calibrated'; readonly model: CalibratedModel }
  | { readonly kind: 'started'; readonly opened: OpenedSession; readonly counts: RowCounts } // of the rows that already exist; images follow
  | { readonly kind: 'counted'; readonly total: number | undefined } // inputs; undefined if they can be read only once
  | { readonly kind: 'row'; readonly failure: ReturnType<typeof failureCode>; readonly stored: boolean }
  | { readonly kind: 'pulse'; readonly measured: Measured | undefined } // every second; undefined before `started`
  | { readonly kind: 'finishing' } // all rows are written, and files are being completed
  | { readonly kind: 'stopped'; readonly rows: number } // the job has failed; a later one can resume after this many rows
  | { readonly kind: 'note'; readonly text: string }; // one line, for a person

/** Listens to a job. */
export type OnJobEvent = (event: JobEvent) => void;

/** Returns a function that reports notes as events. */
export function noteEvents(onEvent: OnJobEvent | undefined): (text: string) => void {
  return (text) => onEvent?.({ kind: 'note', text });
}
