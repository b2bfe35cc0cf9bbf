import type { ByteChannel } from '../files/byte-channel.js';

const PIECE = 64 * 1024; // bytes buffered before `write` waits; the capacity of a Linux pipe

/**
 * Buffers bytes and writes them to a channel in large pieces. For a live channel, it also flushes at the end of each turn of
 * the event loop, so the rows of one batch are written together and at once.
 */
export class TextTarget {
  readonly #channel: ByteChannel;
  #gathered: Uint8Array[] = [];
  #size = 0;
  #scheduled: NodeJS.Immediate | undefined;
  #lastWrite: Promise<void> = Promise.resolve();
  #failure: unknown;

  constructor(channel: ByteChannel) {
    this.#channel = channel;
  }

  /**
   * Resolves when more can be written: at once, or once the channel has taken the buffer.
   * @throws {OutputError} for this or an earlier piece; OutputClosedError if the reader closed the pipe
   */
  async write(bytes: Uint8Array): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    this.#gathered.push(bytes);
    this.#size += bytes.byteLength;
    if (this.#size >= PIECE) await this.#flush();
    else if (this.#channel.live) this.#schedule();
  }

  async commit(): Promise<void> {
    clearImmediate(this.#scheduled);
    await this.#flush();
    await this.#channel.commit();
  }

  async abort(): Promise<void> {
    clearImmediate(this.#scheduled);
    this.#gathered = [];
    await this.#channel.abort();
  }

  #schedule(): void {
    this.#scheduled ??= setImmediate(() => {
      this.#scheduled = undefined;
      this.#flush().catch((error) => {
        this.#failure = error; // thrown by the next `write`, or by `commit`, whose flush fails with it too
      });
    });
  }

  /** Writes pieces one at a time; after one fails, every later flush fails with its error. */
  #flush(): Promise<void> {
    this.#lastWrite = this.#lastWrite.then(async () => {
      if (this.#size === 0) return;
      const bytes = Buffer.concat(this.#gathered);
      this.#gathered = [];
      this.#size = 0;
      await this.#channel.write(bytes);
    });
    return this.#lastWrite;
  }
}
