import type { OpenedSession } from '../devices/open-session.js';
import type { HubProgress } from '../hub/hub.js';
import type { CalibratedModel } from '../models/int8/int8.js';

/** What happens in a job, in the order in which it can happen. */
export type JobEvent =
  | { readonly kind: 'download'; readonly progress: HubProgress }
  | { readonly kind: 'measuring' } // the model for int8, which takes a while
  | { readonly kind: 'calibrated'; readonly model: CalibratedModel }
  | { readonly kind: 'started'; readonly opened: OpenedSession; readonly rows: number } // rows that already exist; images follow
  | { readonly kind: 'counted'; readonly total: number | undefined } // inputs; undefined if they can be read only once
  | { readonly kind: 'row'; readonly failed: boolean; readonly stored: boolean }
  | { readonly kind: 'finishing' } // all rows are written, and files are being completed
  | { readonly kind: 'stopped'; readonly rows: number } // the job has failed; a later one can resume after this many rows
  | { readonly kind: 'note'; readonly text: string }; // one line, for a person

/** Listens to a job. */
export type OnJobEvent = (event: JobEvent) => void;

/** Returns a function that reports notes as events. */
export function noteEvents(onEvent: OnJobEvent | undefined): (text: string) => void {
  return (text) => onEvent?.({ kind: 'note', text });
}
