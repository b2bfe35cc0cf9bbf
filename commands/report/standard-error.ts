import type { WriteStream } from 'node:tty';
import { styled } from './colour.js';
import { escapeControls, escapeControlsInLines } from './escape-controls.js';

const WIDTH = 80; // columns, if the terminal does not report its width
const CLEAR_LINE = '\r\u001b[K';

/**
 * Everything that a command prints besides its data: permanent lines and, on a terminal, one redrawn line below
 * them. All of it goes through here, which clears the redrawn line before other output and neutralises terminal
 * control characters.
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

  /** Writes permanent lines. */
  print(text: string): void {
    this.clear();
    this.#stream.write(`${escapeControlsInLines(text)}\n`);
  }

  /** Writes an error. */
  printError(message: string): void {
    this.clear();
    this.#stream.write(
      `${styled(['red', 'bold'], 'error:', this.#stream)} ${escapeControlsInLines(message)}\n`,
    );
  }

  /** Replaces the drawn line, cut to fit. For terminals only. */
  draw(text: string): void {
    this.#isDrawn = true;
    this.#stream.write(CLEAR_LINE + escapeControls(text).slice(0, (this.#stream.columns || WIDTH) - 1));
  }

  /** Clears the drawn line. */
  clear(): void {
    if (this.#isDrawn) this.#stream.write(CLEAR_LINE);
    this.#isDrawn = false;
  }
}

/** The instance for this process. */
export const standardError = new StandardError(process.stderr);
