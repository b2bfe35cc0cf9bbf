import type { ReadAt } from '../read-at.js';

const ONE_READ = 256 * 2 ** 10; // bytes of the file

/** The bytes of a file from its beginning on, a few at a time. */
export class ByteStream {
  readonly #read: ReadAt;
  #bytes: Buffer = Buffer.of(); // read from the file, and not taken yet
  #end = 0; // of these bytes in the file

  constructor(read: ReadAt) {
    this.#read = read;
  }

  /** The place in the file of the byte that comes next. */
  get position(): number {
    return this.#end - this.#bytes.byteLength;
  }

  /** Takes up to `most` bytes; none at the end of the file. */
  async some(most: number): Promise<Buffer> {
    if (this.#bytes.byteLength === 0) {
      this.#bytes = await this.#read(this.#end, ONE_READ);
      this.#end += this.#bytes.byteLength;
    }
    const taken = this.#bytes.subarray(0, most);
    this.#bytes = this.#bytes.subarray(taken.byteLength);
    return taken;
  }

  /** Takes as many bytes; fewer only at the end of the file. */
  async take(length: number): Promise<Buffer> {
    const parts: Buffer[] = [];
    for (let missing = length; missing > 0; ) {
      const part = await this.some(missing);
      if (part.byteLength === 0) break;
      parts.push(part);
      missing -= part.byteLength;
    }
    return parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts);
  }

  /** Passes over bytes. @returns how many there were */
  async skip(length: number): Promise<number> {
    let passed = 0;
    while (passed < length) {
      const { byteLength } = await this.some(length - passed);
      if (byteLength === 0) break;
      passed += byteLength;
    }
    return passed;
  }

  /** Gives back the last bytes of what `some` has just returned. */
  putBack(bytes: Buffer): void {
    this.#bytes = Buffer.concat([bytes, this.#bytes]);
  }
}
