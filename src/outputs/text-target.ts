import type { ByteChannel } from '../files/byte-channel.js';

const PIECE = 64 * 1024; // bytes gathered before `write` waits; a Linux pipe holds as many

/**
 * Gathers bytes and hands them to a channel in large pieces. A live channel also receives what has
 * gathered at the end of the event loop's turn: rows of one batch leave together and at once.
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
   * Resolves when more may come: at once, or when the channel has taken what gathered.
   * @throws {OutputError} for this or an earlier piece; OutputClosedError where the reader is gone
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
        this.#failure = error; // thrown by the next `write`, or by `commit`, whose flush fails alike
      });
    });
  }

  /** Pieces leave one after another; after a failed one, every later flush fails with its error. */
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
