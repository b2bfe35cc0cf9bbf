import { ImageRefusal } from '../refusal.js';

/** How long one object may take. Only time spent on its requests counts, neither waits between attempts nor for room in memory. */
export class Patience {
  readonly #seconds: number;
  #left: number; // milliseconds

  constructor(seconds: number) {
    this.#seconds = seconds;
    this.#left = seconds * 1000;
  }

  /** Milliseconds. */
  get left(): number {
    return Math.max(0, this.#left);
  }

  /** @throws ImageRefusal timeout if it has run out */
  check(): void {
    if (this.#left <= 0) throw new ImageRefusal('timeout', `not received within ${this.#seconds} s`);
  }

  async during<T>(work: Promise<T>): Promise<T> {
    const start = performance.now();
    try {
      return await work;
    } finally {
      this.#left -= performance.now() - start;
    }
  }
}
