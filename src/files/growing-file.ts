import { type FileHandle, open } from 'node:fs/promises';
import { OutputError } from '../errors.js';
import { closeOnError } from './close-on-error.js';
import { writeFully } from './pending-file.js';

const BUFFER_BYTES = 256 * 1024;

/**
 * A file that is appended to through a buffer. After a method fails, the contents are unknown: close the file, and reopen it
 * at a synced length.
 * Every method throws the file system's error.
 */
export class GrowingFile {
  readonly #handle: FileHandle;
  readonly #buffer = Buffer.allocUnsafe(BUFFER_BYTES);
  #buffered = 0; // bytes
  #written: number;

  private constructor(handle: FileHandle, length: number) {
    this.#handle = handle;
    this.#written = length;
  }

  static async create(path: string): Promise<GrowingFile> {
    return new GrowingFile(await open(path, 'wx'), 0);
  }

  /** Creates a file, in place of one that an earlier attempt left. */
  static async createOver(path: string): Promise<GrowingFile> {
    return new GrowingFile(await open(path, 'w'), 0);
  }

  /**
   * Opens a file to append at `length`, and truncates what lies beyond.
   * @throws {OutputError} if it is shorter
   */
  static async reopen(path: string, length: number): Promise<GrowingFile> {
    const handle = await open(path, 'r+');
    return closeOnError(handle, async () => {
      const { size } = await handle.stat();
      if (size < length) {
        throw new OutputError(`${path} is damaged: expected ${length} bytes or more, found ${size}`, {
          hint: 'Pass --overwrite to start over.',
        });
      }
      await handle.truncate(length);
      return new GrowingFile(handle, length);
    });
  }

  /** Bytes so far, those in the buffer included. */
  get length(): number {
    return this.#written + this.#buffered;
  }

  /** @param bytes free to reuse once this resolves */
  async append(bytes: Uint8Array): Promise<void> {
    if (this.#buffered + bytes.byteLength > BUFFER_BYTES) await this.flush();
    if (bytes.byteLength > BUFFER_BYTES) {
      await this.#write(bytes);
    } else {
      this.#buffer.set(bytes, this.#buffered);
      this.#buffered += bytes.byteLength;
    }
  }

  /** Passes buffered bytes to the system. */
  async flush(): Promise<void> {
    if (this.#buffered === 0) return;
    const bytes = this.#buffer.subarray(0, this.#buffered);
    await this.#write(bytes);
    this.#buffered = 0;
  }

  /** Syncs flushed bytes to disk. */
  sync(): Promise<void> {
    return this.#handle.sync();
  }

  /** Replaces flushed bytes, from byte `position` on. */
  patch(bytes: Uint8Array, position: number): Promise<void> {
    return writeFully(this.#handle, bytes, position);
  }

  close(): Promise<void> {
    return this.#handle.close();
  }

  async #write(bytes: Uint8Array): Promise<void> {
    await writeFully(this.#handle, bytes, this.#written);
    this.#written += bytes.byteLength;
  }
}
