import { subtle } from 'node:crypto';
import { type FactName, type Facts, isFactName } from '../facts.js';
import type { Header } from './image.js';
import { sniffFormat } from './sniff.js';

/** Collects the facts that were asked for about one image, while it is decoded. */
export class ImageFacts {
  readonly #names: readonly FactName[];
  readonly #onFound: ((facts: Facts) => void) | undefined;
  #facts: Facts = {};
  #digest: Promise<void> | undefined;

  /**
   * @param onFound called with all facts so far. Each stage of decoding then begins only after the facts before it are known, so that they
   *   survive the end of the process
   */
  constructor(names: readonly FactName[], onFound?: (facts: Facts) => void) {
    this.#names = names;
    this.#onFound = onFound;
  }

  /** Takes the bytes of the image. @returns a promise to wait for before decoding, if any */
  read(bytes: Uint8Array): Promise<void> | undefined {
    this.#digest = this.#names.includes('sha256')
      ? sha256(bytes).then((digest) => this.learn({ sha256: digest }))
      : undefined;
    this.learn({ bytes: bytes.byteLength, ...formatFact(sniffFormat(bytes)?.name) });
    return this.#onFound && this.#digest;
  }

  /** Takes the header of the image. */
  opened({ width, height, format }: Header): void {
    this.learn({ width, height, ...formatFact(format) });
  }

  /** Takes facts, if they were asked for. */
  learn(facts: Facts): void {
    const asked = Object.entries(facts).filter(([name]) => isFactName(name) && this.#names.includes(name));
    if (asked.length === 0) return;
    this.#facts = { ...this.#facts, ...Object.fromEntries(asked) };
    this.#onFound?.(this.#facts);
  }

  /** Returns the facts so far, with the digest of the bytes if they were read. */
  async settled(): Promise<Facts> {
    await this.#digest;
    return this.#facts;
  }
}

const formatFact = (name: string | undefined): Facts =>
  name === undefined ? {} : { format: name.toLowerCase() };

/** Computes in a thread of libuv's pool, beside the decoding. */
async function sha256(bytes: Uint8Array): Promise<string> {
  return Buffer.from(await subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>)).toString('hex');
}
