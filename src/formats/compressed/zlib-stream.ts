import type { Transform } from 'node:stream';

/** A stream of node:zlib, which decompresses in a thread, driven one piece at a time: it never reads ahead. */
export class ZlibStream {
  readonly #stream: Transform & { readonly bytesWritten: number };
  #output: Buffer[] = [];
  #pushed = 0; // bytes
  #hasEnded = false;
  #settle: (error?: Error | null) => void = () => {};

  /** @param stream such as `createInflateRaw()` returns */
  constructor(stream: Transform & { readonly bytesWritten: number }) {
    this.#stream = stream
      .on('data', (chunk: Buffer) => this.#output.push(chunk))
      .on('error', (error) => this.#settle(error))
      .on('end', () => {
        this.#hasEnded = true;
        this.#settle();
      });
  }

  /**
   * Decompresses a piece, which should be small: it may inflate to a thousand times its size.
   *
   * @returns the output, and the bytes of the piece behind the end of the compressed data, once something follows that end
   * @throws Error if the data are damaged
   */
  async push(piece: Buffer): Promise<{ readonly output: readonly Buffer[]; readonly rest?: Buffer }> {
    await new Promise<void>((resolve, reject) => {
      this.#settle = (error) => (error ? reject(error) : resolve());
      this.#stream.write(piece, this.#settle);
    });
    while (this.#stream.read() !== null); // what has not been emitted yet
    this.#pushed += piece.byteLength;
    const output = this.#output;
    this.#output = [];
    if (!this.#hasEnded) return { output };
    return { output, rest: piece.subarray(piece.byteLength - (this.#pushed - this.#stream.bytesWritten)) };
  }

  /** Frees its memory. */
  close(): void {
    this.#stream.destroy();
  }
}
