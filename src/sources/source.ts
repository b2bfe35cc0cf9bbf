import type { InputError } from '../errors.js';
import type { Item } from '../item.js';
import type { FoundPath } from './path.js';
import type { Targets } from './targets.js';

/** An input to a job, and what stands there. */
export interface Input {
  readonly name: string; // as it was given
  readonly found: FoundPath;
}

/** A kind of input that items come from: one module each, in the registry. */
export interface Source {
  readonly name: string; // for messages: folder, list on standard input
  readonly takes: (input: Input) => boolean;
  /** Its items, in an order that does not change, one at a time. */
  readonly items: (input: Input, walk: Walk) => AsyncGenerator<Item>;
  /** Its items can be taken only once. */
  readonly once?: boolean | undefined;
  /** Why an input that is named on a command line cannot be meant; undefined where it can. */
  readonly mistake?: ((input: Input) => Promise<InputError | undefined>) | undefined;
}

export interface WalkOptions {
  readonly extensions: ReadonlySet<string>; // lower case, with the dot: '.jpg'
  readonly isImage?: ((path: string) => Promise<boolean>) | undefined; // looks into a file without an extension
  readonly onPassedOver?: ((path: string) => void) | undefined; // told of each file in a folder that is not taken for an image
  readonly stdin?: (() => AsyncIterable<Buffer | string>) | undefined; // called for a list on standard input only
  readonly nul?: boolean | undefined; // only NULs end the paths on it
  readonly signal?: AbortSignal | undefined; // looked at for every item and every folder
}

/** A walk of inputs under way. */
export interface Walk extends WalkOptions {
  readonly targets: Targets;
  /** The items of another input, such as an entry of a list, whichever source takes it. */
  readonly follow: (name: string) => AsyncGenerator<Item>;
}
