import type { WriteStream } from 'node:tty';
import { styled } from './colour.js';
import { visible, visibleLines } from './visible.js';

const WIDTH = 80; // of a terminal that does not say
const CLEAR_LINE = '\r\u001b[K';

/**
 * What a command says beside its data: lines that stay and, on a terminal, one line below them that is drawn again and again. All of
 * it goes through here, so that the drawn line is gone before another is written, and nothing in it can steer the terminal.
 */
export class StandardError {
  readonly #stream: WriteStream;
  #isDrawn = false;

  constructor(stream: WriteStream) {
    this.#stream = stream;
  }

  get isTerminal(): boolean {
    return this.#stream.isTTY === true;
  }

  /** Writes lines that stay. */
  say(text: string): void {
    this.clear();
    this.#stream.write(`${visibleLines(text)}\n`);
  }

  /** Writes what failed. */
  sayError(message: string): void {
    this.clear();
    this.#stream.write(`${styled(['red', 'bold'], 'error:', this.#stream)} ${visibleLines(message)}\n`);
  }

  /** Draws a line in place of the one drawn before, as far as it fits. Only for a terminal. */
  draw(text: string): void {
    this.#isDrawn = true;
    this.#stream.write(CLEAR_LINE + visible(text).slice(0, (this.#stream.columns || WIDTH) - 1));
  }

  /** Removes the drawn line. */
  clear(): void {
    if (this.#isDrawn) this.#stream.write(CLEAR_LINE);
    this.#isDrawn = false;
  }
}

/** That of this process. */
export const standardError = new StandardError(process.stderr);
