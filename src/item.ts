// src/: the vocabulary that all folders share: item, row, tensor, graph, errors

import type { Crop } from './crop.js';
import type { ImageFailure } from './errors.js';
import type { FileIdentity } from './file-identity.js';
import type { Columns, StoredRow } from './rows.js';

/**
 * One image to process, or a path that leads to none. Sources create items; later stages do not know which source did.
 */
export type Item = FoundItem | BrokenItem;

interface Identified {
  readonly id: string; // its name in rows: a path as given, or as found in a folder as given
  readonly target?: string | undefined; // what the id resolves to, however it is spelled; left out if the same
  columns?: Columns | undefined; // values that came with it
  /** Returns what shows whether the image has changed; undefined if nothing is known about it. */
  identify(): Promise<FileIdentity | undefined>;
}

/** An item with bytes, readable or not. */
export interface FoundItem extends Identified {
  readonly status: 'found';
  /**
   * The path of a file with exactly its bytes, for another process to read; undefined if there is none.
   */
  readonly file?: string | undefined;
  readonly crop?: Crop | undefined; // the part of its image to use; all of it by default
  /** What its bytes are on a server, if they are not local: a whole object, or a part of one. They are fetched ahead of their decoding. */
  readonly remote?: 'object' | 'part' | undefined;
  /**
   * Waits until its bytes are within reach, however long that takes: an archive must be decompressed up to them. That time is not
   * the image's own. Left out if nothing takes long.
   */
  reach?(): Promise<void>;
  /**
   * @throws ImageRefusal not_found, permission, symlink_loop, read_failed or network
   * @throws ShortageError if too many files are open
   */
  open(): Promise<OpenItem>;
}

/** An open item: its identity is that of the bytes that `read` returns. */
export interface OpenItem {
  readonly identity: FileIdentity;
  /**
   * Reads all of its bytes and closes it. Can be called once.
   *
   * @param limit bytes
   * @param take of an item on a server: called before memory holds so many more bytes, and waits for room for them
   * @throws ImageRefusal read_failed, empty_file, too_large or network
   */
  read(limit: number, take?: TakeRoom): Promise<Uint8Array>;
}

/** Waits for room in memory, and takes it. */
export type TakeRoom = (bytes: number) => Promise<void>;

/** An item that its source already knows to lead to no image. */
export interface BrokenItem extends Identified {
  readonly status: 'failed';
  readonly failure: ImageFailure;
}

/** An item of a job, whose row may already be stored. */
export type JobItem =
  | Item
  | {
      readonly status: 'stored';
      readonly id: string;
      readonly target?: string | undefined;
      readonly file: FileIdentity | undefined;
      readonly stored: StoredRow;
    };

/** Adds the values that came with an item. */
export function withColumns<T extends Item>(item: T, columns: Columns): T {
  item.columns = columns;
  return item;
}
