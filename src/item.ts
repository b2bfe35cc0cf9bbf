import type { ImageFailure } from './errors.js';
import type { FileIdentity } from './file-identity.js';
import type { StoredRow } from './rows.js';

/** A path to decode, or an input that leads to none. */
export type InputItem = {
  readonly path: string; // as given, or found in a folder as given
  readonly target?: string | undefined; // what it leads to, as Targets has it; left out where that is `path`
  readonly at?: string | undefined; // where it is opened; left out where that is `path`
} & ({ readonly status: 'found' } | { readonly status: 'failed'; readonly failure: ImageFailure });

/** An input to a job: a path to decode, one that leads to nothing, or one whose row is stored already. */
export type JobItem =
  | InputItem
  | {
      readonly status: 'stored';
      readonly path: string;
      readonly target?: string | undefined;
      readonly file: FileIdentity | undefined;
      readonly stored: StoredRow;
    };
