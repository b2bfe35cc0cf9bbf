import { BYTES_PER_ELEMENT, elementCount } from '../tensor.js';
import { encodeNpyHeader, type FloatDType } from './npy.js';
import type { PendingFile } from './pending-file.js';

const BUFFER_BYTES = 1024 * 1024;

// A quiet NaN, little-endian.
const NAN_BYTES: Readonly<Record<FloatDType, readonly number[]>> = {
  float32: [0x00, 0x00, 0xc0, 0x7f],
  float16: [0x00, 0x7e],
};

/**
 * An NPY file `[rows, ...rowShape]` that grows by rows. NumPy ignores bytes beyond the shape and
 * refuses a file that is shorter, so rows are on their way before the header counts them.
 */
export class NpyFile {
  readonly file: PendingFile;
  readonly #dtype: FloatDType;
  readonly #rowShape: readonly number[];
  readonly #nanRow: Uint8Array;
  readonly #buffer: Uint8Array;
  #buffered = 0; // bytes
  #rows = 0;

  private constructor(file: PendingFile, dtype: FloatDType, rowShape: readonly number[]) {
    this.file = file;
    this.#dtype = dtype;
    this.#rowShape = rowShape;
    const rowBytes = elementCount(rowShape) * BYTES_PER_ELEMENT[dtype];
    this.#nanRow = new Uint8Array(Buffer.alloc(rowBytes, Uint8Array.from(NAN_BYTES[dtype])));
    this.#buffer = new Uint8Array(Math.max(BUFFER_BYTES, rowBytes));
  }

  /** Starts with a header that counts no rows. */
  static async start(file: PendingFile, dtype: FloatDType, rowShape: readonly number[]): Promise<NpyFile> {
    const npy = new NpyFile(file, dtype, rowShape);
    await file.write(encodeNpyHeader(dtype, 0, rowShape));
    return npy;
  }

  /** @param row little-endian elements of one row, copied before this resolves */
  async append(row: Uint8Array): Promise<void> {
    if (this.#buffered + row.byteLength > this.#buffer.byteLength) await this.#flush();
    this.#buffer.set(row, this.#buffered);
    this.#buffered += row.byteLength;
    this.#rows += 1;
  }

  appendNaN(): Promise<void> {
    return this.append(this.#nanRow);
  }

  /** Writes what is buffered, then the row count, and seals the file. */
  async finish(): Promise<void> {
    await this.#flush();
    await this.file.patch(encodeNpyHeader(this.#dtype, this.#rows, this.#rowShape), 0);
    await this.file.seal();
  }

  async #flush(): Promise<void> {
    if (this.#buffered === 0) return;
    await this.file.write(this.#buffer.subarray(0, this.#buffered));
    this.#buffered = 0;
  }
}
