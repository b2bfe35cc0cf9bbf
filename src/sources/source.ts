import type { InputError } from '../errors.js';
import type { Item } from '../item.js';
import type { FoundPath } from './path.js';
import type { Storage } from './storage.js';
import type { Targets } from './targets.js';
import type { SourceTerm } from './walk-counts.js';

/** An input of a job, and what it leads to. */
export interface Input {
  readonly name: string; // as given; of an address, what may be shown
  readonly path: string; // to open it: the path or address
  readonly found: FoundPath;
}

/** A list of paths in a file: text, CSV, TSV, JSON lines or Parquet. */
export interface ListFile {
  readonly path: string; // of the list
  readonly pathColumn?: string | undefined; // by default `path`, or another usual name
  readonly root?: string | undefined; // where relative paths start; the folder of the list by default
  readonly crop?: ListCrop | undefined; // the box of each line; whole images by default
}

/** The boxes of a list. */
export interface ListCrop {
  readonly columns: readonly string[]; // of left, top, width and height
  readonly isFraction: boolean; // whether these are in 0..1 of the width and height, not pixels
}

/** A kind of input: one module each, in the registry. */
export interface Source {
  readonly name: string; // for messages: folder, list on standard input
  readonly takes: (input: Input) => boolean;
  /** Yields its items one at a time, always in the same order. */
  readonly items: (input: Input, walk: Walk) => AsyncGenerator<Item>;
  /** Whether its items can be taken only once. */
  readonly once?: boolean | undefined;
  /** Whether only a person types such an input: an entry of a list is never one. */
  readonly typed?: boolean | undefined;
  /** Returns the error for an input on the command line that can only be a mistake; undefined otherwise. */
  readonly mistake?:
    | ((input: Input, options: MistakeOptions & Pick<Walk, 'storage'>) => Promise<InputError | undefined>)
    | undefined;
  /** Returns the columns that its items bring, as far as its beginning tells; left out if they never bring any. */
  readonly columns?: ((input: Input, walk: Walk) => Promise<FoundColumns>) | undefined;
}

/** The names of the columns that items bring: none for what has no columns, such as a folder, unknown for what cannot be read yet. */
export type FoundColumns = readonly string[] | 'none' | 'unknown';

/** The columns that one of several inputs brings. */
export interface InputColumns {
  readonly name: string; // of the input
  readonly columns: FoundColumns;
  readonly onlyByName?: string | undefined; // one more, which `all` leaves out: the paths of a list
}

export interface WalkOptions {
  readonly list?: ListFile | undefined; // walked after the inputs
  readonly extensions: ReadonlySet<string>; // lower case, with the dot: '.jpg'
  readonly isImage?: ((path: string) => Promise<boolean>) | undefined; // reads a file without an extension
  readonly isImageHead?: ((head: Uint8Array) => boolean) | undefined; // the same for the first bytes of a member of an archive
  readonly onSkipped?: ((path: string) => void) | undefined; // called for each file in a folder not treated as an image
  readonly onCount?: ((term: SourceTerm, count: number) => void) | undefined; // called for what a walk comes across
  readonly stdin?: (() => AsyncIterable<Buffer | string>) | undefined; // called for a list on standard input only
  readonly nul?: boolean | undefined; // only NULs end the paths on it
  readonly imageColumn?: string | undefined; // of Parquet files; by default, the only one that may hold images
  readonly columns?: readonly string[] | undefined; // to give to every item; none by default
  readonly onNote?: ((text: string) => void) | undefined; // called for what a person should know, such as columns that cannot be read
  readonly storage?: Storage | undefined; // where they are; local files only by default
  readonly signal?: AbortSignal | undefined; // checked for every item and every folder
}

/** What decides whether an input is a mistake. */
export type MistakeOptions = Pick<WalkOptions, 'imageColumn' | 'storage'>;

/** A walk in progress. */
export interface Walk extends WalkOptions {
  readonly targets: Targets;
  readonly storage: Storage;
  /** Returns what a path such as `photos.tar/cats/1.jpg` or `photos.parquet/7` names inside a file. */
  readonly findInside: (path: string) => Promise<Item | 'missing' | undefined>;
  /** Yields the items of another input, such as an entry of a list, from whichever source takes it. */
  readonly follow: (name: string) => AsyncGenerator<Item>;
  /** Returns the columns that the items of another input bring. */
  readonly columnsOf: (name: string) => Promise<FoundColumns>;
}
