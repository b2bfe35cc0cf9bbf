import { type FileHandle, open } from 'node:fs/promises';
import { OutputError } from '../errors.js';
import { orClose } from './or-close.js';
import { writeFully } from './pending-file.js';

const BUFFER_BYTES = 256 * 1024;

/**
 * A file that grows at its end, through a buffer. After a failed method nothing is known of its bytes any more: it is to be
 * closed, and opened again at a length that was synced.
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

  /**
   * Opens a file to go on at `length`, and drops what lies beyond.
   * @throws {OutputError} where it is shorter
   */
  static async reopen(path: string, length: number): Promise<GrowingFile> {
    const handle = await open(path, 'r+');
    return orClose(handle, async () => {
      const { size } = await handle.stat();
      if (size < length) {
        throw new OutputError(`${path} is damaged: expected ${length} bytes or more, found ${size}.`, {
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

  /** @param bytes copied or written before this resolves */
  async append(bytes: Uint8Array): Promise<void> {
    if (this.#buffered + bytes.byteLength > BUFFER_BYTES) await this.flush();
    if (bytes.byteLength > BUFFER_BYTES) {
      await this.#write(bytes);
    } else {
      this.#buffer.set(bytes, this.#buffered);
      this.#buffered += bytes.byteLength;
    }
  }

  /** Hands what is buffered to the system. */
  async flush(): Promise<void> {
    if (this.#buffered === 0) return;
    const bytes = this.#buffer.subarray(0, this.#buffered);
    await this.#write(bytes);
    this.#buffered = 0;
  }

  /** Forces what the system has to disk. */
  sync(): Promise<void> {
    return this.#handle.sync();
  }

  /** Replaces bytes that were flushed, from byte `position` on. */
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
