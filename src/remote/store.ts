import type { InputError } from '../errors.js';
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
  /** What the store can list; left out if nothing. */
  readonly listing?: Listing | undefined;
  /**
   * Returns the error for an address on the command line if all of its objects would fail: no credentials, no such bucket. It makes
   * one request for many addresses. Left out if the store does not know.
   */
  readonly mistake?: ((address: string) => Promise<InputError | undefined>) | undefined;
}

/** An object, open for reading at any place. */
export interface ObjectRanges {
  readonly identity: FileIdentity;
  readonly read: ReadAt;
  readonly held?: number | undefined; // bytes, if memory holds all of it
}

/** Lists the objects under prefixes. */
export interface Listing {
  /** Returns whether an address names all objects under a prefix, rather than one object. */
  readonly isPrefix: (address: string) => boolean;
  /**
   * Yields the objects under a prefix, always in the same order.
   *
   * @throws ImageRefusal if they cannot be listed
   */
  readonly objects: (prefix: string) => AsyncGenerator<ListedObject>;
}

/** An object in a listing. */
export interface ListedObject {
  readonly address: string;
  readonly identity?: FileIdentity | undefined; // if the listing tells it
}
