import type { FileIdentity } from '../file-identity.js';
import type { ReadAt } from '../formats/read-at.js';
import type { OpenItem } from '../item.js';

/** A kind of server that holds objects: one module each. */
export interface Store {
  readonly name: string; // for messages
  readonly takes: (address: string) => boolean;
  /** Returns the size and version of an object; undefined if nothing is known about it, as for a file. */
  readonly identify: (address: string) => Promise<FileIdentity | undefined>;
  /**
   * Requests all of an object. The identity is that of the bytes that `read` returns.
   *
   * @throws ImageRefusal not_found, permission, network or read_failed
   */
  readonly open: (address: string) => Promise<OpenItem>;
  /**
   * Opens an object for reading at any place. Every read is of the version that was opened.
   *
   * @throws ImageRefusal as `open`; the reads too, with read_failed if the object has changed
   */
  readonly openRanges: (address: string) => Promise<ObjectRanges>;
  /**
   * Checks an address without a request.
   *
   * @throws ImageRefusal invalid_name, or permission if halonet does not ask its host
   */
  readonly check?: ((address: string) => void) | undefined;
  /** Yields the objects under a prefix, always in the same order; left out if the store lists nothing. */
  readonly list?: ((address: string) => AsyncGenerator<ListedObject>) | undefined;
}

/** An object, open for reading at any place. */
export interface ObjectRanges {
  readonly identity: FileIdentity;
  readonly read: ReadAt;
  readonly held?: number | undefined; // bytes, if memory holds all of it
}

/** An object in a listing. */
export interface ListedObject {
  readonly address: string;
  readonly identity?: FileIdentity | undefined; // if the listing tells it
}
