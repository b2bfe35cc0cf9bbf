import type { Display } from './display.js';
import type { StandardError } from './standard-error.js';

/** The seconds between two lines, or two states of a metrics file. */
export const LINE_SECONDS = 10;

interface PlainOptions {
  readonly everySeconds?: number;
  readonly now?: () => number; // milliseconds
}

/** A line for a log file every few seconds. A command that ends earlier prints none. */
export class PlainLines implements Display {
  readonly kind = 'plain';
  readonly #output: StandardError;
  readonly #everyMs: number;
  readonly #now: () => number;
  #last: number | undefined; // the time of the last line, or of the first text to show

  constructor(
    output: StandardError,
    { everySeconds = LINE_SECONDS, now = () => performance.now() }: PlainOptions = {},
  ) {
    this.#output = output;
    this.#everyMs = 1000 * everySeconds;
    this.#now = now;
  }

  show(text: () => string): void {
    const now = this.#now();
    this.#last ??= now;
    if (now - this.#last < this.#everyMs) return;
    this.#last = now;
    this.#output.print(text());
  }

  clear(): void {}
}
