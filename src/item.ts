// src/: the vocabulary that all rooms share: item, row, tensor, graph, errors

import type { ImageFailure } from './errors.js';
import type { FileIdentity } from './file-identity.js';
import type { Columns, StoredRow } from './rows.js';

/**
 * One image to come, or what stands in place of one. A source makes it, and nothing behind the source knows which source that
 * was.
 */
export type Item = FoundItem | BrokenItem;

interface Identified {
  readonly id: string; // what rows call it: a path as given, or as found in a folder as given
  readonly target?: string | undefined; // what the id leads to, however it is spelled; left out where that is `id`
  readonly columns?: Columns | undefined; // what came with it
  /** What tells whether it is still the same image; undefined where nothing can be learnt of it. */
  identify(): Promise<FileIdentity | undefined>;
}

/** An item with bytes, readable or not. */
export interface FoundItem extends Identified {
  readonly status: 'found';
  /**
   * The path of a file that holds its bytes and nothing else, by which another process can read them; undefined where there
   * is none.
   */
  readonly file?: string | undefined;
  /**
   * @throws ImageRefusal not_found, permission, symlink_loop or read_failed
   * @throws ShortageError where too many files are open
   */
  open(): Promise<OpenItem>;
}

/** An item that is open: what it was identified by is what is read. */
export interface OpenItem {
  readonly identity: FileIdentity;
  /**
   * All of its bytes. It is closed afterwards, and can be read once.
   *
   * @param limit bytes
   * @throws ImageRefusal read_failed, empty_file or too_large
   */
  read(limit: number): Promise<Uint8Array>;
}

/** What leads to no image, as a source knows already. */
export interface BrokenItem extends Identified {
  readonly status: 'failed';
  readonly failure: ImageFailure;
}

/** An item to a job: one whose row may be stored already. */
export type JobItem =
  | Item
  | {
      readonly status: 'stored';
      readonly id: string;
      readonly target?: string | undefined;
      readonly file: FileIdentity | undefined;
      readonly stored: StoredRow;
    };
