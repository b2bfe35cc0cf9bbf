// src/formats/compressed/: reads compressed files at any place

import { FormatError } from '../../errors.js';
import type { ReadAt } from '../read-at.js';
import { ByteStream } from './byte-stream.js';
import { TrailingBytesError } from './trailing-bytes.js';

/** Yields what compressed data decompress to, in small pieces. @throws FormatError if they are damaged */
export type Decompress = (input: ByteStream) => AsyncGenerator<Uint8Array>;

interface Request {
  readonly file: ReadAt;
  readonly position: number;
  readonly length: number;
  readonly resolve: (bytes: Buffer) => void;
  readonly reject: (error: unknown) => void;
}

export interface DecompressedOptions {
  readonly kept?: number | undefined; // bytes before the furthest one read that can be read again at once
  readonly signal?: AbortSignal | undefined; // ends reading
}

const KEPT = 2 ** 20; // bytes
const NEAR = 2 ** 24; // bytes
const LEAST = 64 * 2 ** 10; // bytes decompressed at a time: data in tiny blocks must not fill the memory with these

/**
 * The bytes that a compressed file decompresses to, readable at any place. It goes through the file once if places are asked for in
 * order: between reads it remembers the state of decompression, and not the file, which each read gets anew. A place before the
 * bytes kept in memory starts again from the beginning.
 */
export class Decompressed {
  readonly #decompress: Decompress;
  readonly #kept: number;
  readonly #signal: AbortSignal | undefined;
  readonly #requests: Request[] = [];
  #isServing = false;
  #file: ReadAt = async () => Buffer.of(); // of the request being served
  #output: AsyncGenerator<Uint8Array> | undefined;
  #window: Uint8Array[] = []; // the last bytes of the output
  #start = 0; // of the window
  #end = 0; // of the window
  #over: { readonly error?: FormatError } | undefined; // how the output ended

  constructor(decompress: Decompress, { kept = KEPT, signal }: DecompressedOptions = {}) {
    this.#decompress = decompress;
    this.#kept = kept;
    this.#signal = signal;
  }

  /**
   * Returns a reader that decompresses a file, which must be the same each time. Reads wait for each other.
   *
   * @throws FormatError if the data up to the end of what is read are damaged, or end early
   * @throws what `file` throws
   */
  over(file: ReadAt): ReadAt {
    return (position, length) =>
      new Promise((resolve, reject) => {
        this.#requests.push({ file, position, length, resolve, reject });
        if (!this.#isServing) void this.#serve();
      });
  }

  /** Returns whether a place is in memory, or little must be decompressed up to it. */
  isNear(position: number): boolean {
    return position >= this.#start && position - this.#end <= NEAR;
  }

  /**
   * Decompresses up to the end, where checksums are.
   *
   * @throws as reading does, except for bytes that follow the compressed data
   */
  async expectEnd(file: ReadAt): Promise<void> {
    try {
      await this.over(file)(Number.MAX_SAFE_INTEGER, 0);
    } catch (error) {
      if (!(error instanceof TrailingBytesError)) throw error;
    }
  }

  async #serve(): Promise<void> {
    this.#isServing = true;
    for (let request = this.#choose(); request !== undefined; request = this.#choose())
      await this.#read(request).then(request.resolve, request.reject);
    this.#isServing = false;
  }

  /** Takes the request whose place comes first, if it is still to come or in the window. */
  #choose(): Request | undefined {
    let best = 0;
    for (const [i, { position }] of this.#requests.entries()) {
      const first = this.#requests[best]?.position ?? 0;
      const [isAhead, bestIsAhead] = [position >= this.#start, first >= this.#start];
      if (isAhead === bestIsAhead ? position < first : isAhead) best = i;
    }
    return this.#requests.splice(best, 1)[0];
  }

  async #read({ file, position, length }: Request): Promise<Buffer> {
    if (position < this.#start) await this.#restart();
    this.#file = file;
    const end = position + length;
    const parts: Uint8Array[] = [];
    let at = this.#start;
    const add = (chunk: Uint8Array) => {
      const [from, to] = [Math.max(0, position - at), Math.min(chunk.byteLength, end - at)];
      if (from < to) parts.push(chunk.subarray(from, to));
      at += chunk.byteLength;
    };
    for (const chunk of this.#window) add(chunk);
    while (at < end) {
      const chunk = await this.#further();
      if (chunk === undefined) break;
      add(chunk);
    }
    return Buffer.concat(parts);
  }

  /**
   * Decompresses a little more.
   *
   * @returns undefined at the end
   * @throws how the output ended otherwise, once all before that was returned
   */
  async #further(): Promise<Uint8Array | undefined> {
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    for (
      let chunk = await this.#next();
      chunk !== undefined;
      chunk = bytes < LEAST ? await this.#next() : undefined
    ) {
      chunks.push(chunk);
      bytes += chunk.byteLength;
    }
    if (bytes > 0) return this.#keep(chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks));
    if (this.#over?.error !== undefined) throw this.#over.error;
    return undefined;
  }

  /** Takes what the decompressor yields next; notes in `#over` how it ended. */
  async #next(): Promise<Uint8Array | undefined> {
    if (this.#over !== undefined) return undefined;
    try {
      this.#signal?.throwIfAborted();
      this.#output ??= this.#decompress(new ByteStream((position, length) => this.#file(position, length)));
      const { value, done } = await this.#output.next();
      if (done !== true) return value;
      this.#over = {};
    } catch (error) {
      if (!(error instanceof FormatError)) {
        await this.#restart(); // the file may be readable another time
        throw error;
      }
      this.#over = { error };
    }
    return undefined;
  }

  /** Adds bytes to the window, and drops what no longer fits in it. */
  #keep(chunk: Uint8Array): Uint8Array {
    this.#window.push(chunk);
    this.#end += chunk.byteLength;
    while (this.#end - this.#start - (this.#window[0]?.byteLength ?? 0) >= this.#kept)
      this.#start += this.#window.shift()?.byteLength ?? 0;
    return chunk;
  }

  async #restart(): Promise<void> {
    await this.#output?.return(undefined);
    this.#output = undefined;
    this.#window = [];
    [this.#start, this.#end] = [0, 0];
    this.#over = undefined;
  }
}
