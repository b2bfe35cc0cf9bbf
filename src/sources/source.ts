import type { InputError } from '../errors.js';
import type { Item } from '../item.js';
import type { ListFile } from './list-file.js';
import type { FoundPath } from './path.js';
import type { Storage } from './storage.js';
import type { Targets } from './targets.js';

/** An input of a job, and what it leads to. */
export interface Input {
  readonly name: string; // as given; of an address, what may be shown
  readonly path: string; // to open it: the path or address
  readonly found: FoundPath;
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
}

export interface WalkOptions {
  readonly list?: ListFile | undefined; // walked after the inputs
  readonly extensions: ReadonlySet<string>; // lower case, with the dot: '.jpg'
  readonly isImage?: ((path: string) => Promise<boolean>) | undefined; // reads a file without an extension
  readonly isImageHead?: ((head: Uint8Array) => boolean) | undefined; // the same for the first bytes of a member of an archive
  readonly onSkipped?: ((path: string) => void) | undefined; // called for each file in a folder not treated as an image
  readonly stdin?: (() => AsyncIterable<Buffer | string>) | undefined; // called for a list on standard input only
  readonly nul?: boolean | undefined; // only NULs end the paths on it
  readonly imageColumn?: string | undefined; // of Parquet files; by default, the only one that may hold images
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
}
