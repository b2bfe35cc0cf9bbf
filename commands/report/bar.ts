import type { Display } from './display.js';
import type { StandardError } from './standard-error.js';

const REDRAW_MS = 100;

/** A line on a terminal that is redrawn in place. */
export class Bar implements Display {
  readonly kind = 'bar';
  readonly #output: StandardError;
  #drawn = Number.NEGATIVE_INFINITY;

  constructor(output: StandardError) {
    this.#output = output;
  }

  /** Draws a line, unless one was drawn just now. */
  show(text: () => string): void {
    const now = performance.now();
    if (now - this.#drawn < REDRAW_MS) return;
    this.#drawn = now;
    this.#output.draw(text());
  }

  clear(): void {
    this.#output.clear();
    this.#drawn = Number.NEGATIVE_INFINITY;
  }
}
