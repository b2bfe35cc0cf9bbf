import { type FileHandle, open } from 'node:fs/promises';
import { OutputError } from '../errors.js';
import { orClose } from './or-close.js';
import { writeFully } from './pending-file.js';
import { attempt } from './write-error.js';

const BUFFER_BYTES = 256 * 1024;

/**
 * A file that grows at its end, through a buffer. After a failed method nothing is known of its bytes any more: it is to be
 * closed, and opened again at a length that was synced.
 * Every method throws OutputError.
 */
export class GrowingFile {
  readonly #output: string;
  readonly #handle: FileHandle;
  readonly #buffer = Buffer.allocUnsafe(BUFFER_BYTES);
  #buffered = 0; // bytes
  #written: number;

  private constructor(output: string, handle: FileHandle, length: number) {
    this.#output = output;
    this.#handle = handle;
    this.#written = length;
  }

  /** @param output what it is written for, in messages */
  static async create(output: string, path: string): Promise<GrowingFile> {
    return new GrowingFile(output, await attempt(output, () => open(path, 'wx')), 0);
  }

  /**
   * Opens a file to go on at `length`, and drops what lies beyond.
   * @throws {OutputError} where it is shorter
   */
  static async reopen(output: string, path: string, length: number): Promise<GrowingFile> {
    const handle = await attempt(output, () => open(path, 'r+'));
    return orClose(handle, async () => {
      const { size } = await attempt(output, () => handle.stat());
      if (size < length) {
        throw new OutputError(`${path} is damaged: expected ${length} bytes or more, found ${size}.`, {
          hint: 'Pass --overwrite to start over.',
        });
      }
      await attempt(output, () => handle.truncate(length));
      return new GrowingFile(output, handle, length);
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
    return attempt(this.#output, () => this.#handle.sync());
  }

  /** Replaces bytes that were flushed, from byte `position` on. */
  patch(bytes: Uint8Array, position: number): Promise<void> {
    return attempt(this.#output, () => writeFully(this.#handle, bytes, position));
  }

  close(): Promise<void> {
    return attempt(this.#output, () => this.#handle.close());
  }

  async #write(bytes: Uint8Array): Promise<void> {
    await attempt(this.#output, () => writeFully(this.#handle, bytes, this.#written));
    this.#written += bytes.byteLength;
  }
}
