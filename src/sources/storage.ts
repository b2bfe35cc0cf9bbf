import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { isAddress } from '../address.js';
import type { InputError } from '../errors.js';
import type { FileIdentity } from '../file-identity.js';
import { identify } from '../identify.js';
import type { OpenItem } from '../item.js';
import { ImageRefusal } from '../refusal.js';
import type { RemoteObjects } from '../remote/objects.js';
import type { ListedObject } from '../remote/store.js';
import { type ArchiveFile, openArchive } from './archive-file.js';
import { type FoundPath, inspectPath } from './path.js';
import type { SourceCounts } from './walk-counts.js';

const NO_REQUESTS = { requests: 0, retries: 0, bytes: 0 };
const CHUNK = 2 ** 20; // bytes

/** Where inputs are: in local files, and in objects on servers, if a job reads any. Close it when done. */
export class Storage {
  readonly #objects: RemoteObjects | undefined;
  #read = 0;

  constructor(objects?: RemoteObjects) {
    this.#objects = objects;
  }

  /** What was read and requested so far. */
  get counts(): SourceCounts {
    const { requests, retries, bytes: bytesReceived } = this.#objects?.counts ?? NO_REQUESTS;
    return {
      ...(this.#read > 0 && { bytesRead: this.#read }),
      ...(requests > 0 && { requests, retries, bytesReceived }),
    };
  }

  /**
   * Returns what an input leads to. Objects are not asked for.
   *
   * @throws ShortageError if too many files are open
   */
  async inspect(name: string): Promise<FoundPath> {
    if (!isAddress(name)) return inspectPath(name);
    try {
      this.#remote.check(name);
      return { kind: this.#remote.isPrefix(name) ? 'prefix' : 'object' };
    } catch (error) {
      if (error instanceof ImageRefusal) return { kind: 'failed', failure: error.failure };
      throw error;
    }
  }

  /** Returns the error for an address on the command line if all of its objects would fail; undefined for any other input. */
  async mistake(name: string): Promise<InputError | undefined> {
    return isAddress(name) ? this.#objects?.mistake(name) : undefined;
  }

  /**
   * Yields the objects under a prefix.
   *
   * @throws ImageRefusal if they cannot be listed
   */
  list(prefix: string): AsyncGenerator<ListedObject> {
    return this.#remote.list(prefix);
  }

  /** Returns the identity of an archive, a Parquet file or a list; undefined if nothing is known about it. */
  async identify(path: string): Promise<FileIdentity | undefined> {
    if (!isAddress(path)) return identify(path);
    try {
      return (await this.#remote.openRanges(path)).identity;
    } catch (error) {
      if (error instanceof ImageRefusal) return undefined;
      throw error;
    }
  }

  /** Returns the identity of an object that is one image; undefined if nothing is known about it. */
  identifyObject(address: string): Promise<FileIdentity | undefined> {
    return this.#remote.identify(address);
  }

  /**
   * Opens an object that is one image.
   *
   * @throws ImageRefusal as an item
   */
  openObject(address: string): Promise<OpenItem> {
    return this.#remote.open(address);
  }

  /**
   * Opens an archive, or another file to read at any place.
   *
   * @throws ImageRefusal not_found, permission, symlink_loop, read_failed or network
   * @throws ShortageError if too many files are open
   */
  async openArchive(path: string): Promise<ArchiveFile> {
    if (!isAddress(path)) {
      return openArchive(path, (bytes) => {
        this.#read += bytes;
      });
    }
    const { identity, read } = await this.#remote.openRanges(path);
    return { path, identity, read, close: async () => {} };
  }

  /** Reads a file from its beginning to its end. The stream fails as `openArchive` does. */
  stream(path: string): Readable {
    return isAddress(path)
      ? Readable.from(this.#chunks(path), { objectMode: false })
      : createReadStream(path);
  }

  /** Ends all requests. */
  async close(): Promise<void> {
    await this.#objects?.close();
  }

  async *#chunks(address: string): AsyncGenerator<Buffer> {
    const { identity, read } = await this.#remote.openRanges(address);
    for (let position = 0; position < identity.bytes; position += CHUNK) yield read(position, CHUNK);
  }

  get #remote(): RemoteObjects {
    if (this.#objects === undefined)
      throw new ImageRefusal('read_failed', 'it is on a server, which this command does not ask');
    return this.#objects;
  }
}

/** Local files only. */
export const LOCAL = new Storage();
