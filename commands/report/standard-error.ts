import type { WriteStream } from 'node:tty';
import { styled } from './colour.js';
import { escapeControls, escapeControlsInLines, escapedJson } from './escape-controls.js';

const WIDTH = 80; // columns, if the terminal does not report its width
const CLEAR_LINE = '\r\u001b[K';

/** The report of an error that ends a command. */
export interface PrintedFailure {
  readonly message: string;
  readonly hint: string | undefined; // what to do next
  readonly next?: string | undefined; // how to continue what has begun
}

/**
 * Everything that a command prints besides its data: permanent lines and, on a terminal, one redrawn line below
 * them. All of it goes through here, which clears the redrawn line before other output and neutralises terminal
 * control characters.
 *
 * For programs, all of it can be JSON lines: objects with the name of an `event`, and its `time`.
 */
export class StandardError {
  readonly #stream: WriteStream;
  #isDrawn = false;
  /** Whether to write JSON lines instead of text. */
  isJson = false;

  constructor(stream: WriteStream) {
    this.#stream = stream;
  }

  /** Whether a line can be redrawn. */
  get isTerminal(): boolean {
    return this.#stream.isTTY === true;
  }

  /** Writes permanent lines; in JSON, an event `note`. */
  print(text: string): void {
    if (this.isJson) {
      this.event('note', { message: text });
    } else {
      this.clear();
      this.#stream.write(`${escapeControlsInLines(text)}\n`);
    }
  }

  /** Writes the error that ends the command; in JSON, an event `error`. */
  printFailure({ message, hint, next }: PrintedFailure, exitCode: number): void {
    if (this.isJson) {
      this.event('error', { message, hint: hint ?? null, next: next ?? null, exitCode });
      return;
    }
    this.#printError(escapeControls(message));
    if (hint !== undefined) this.print(`  ${escapeControls(hint)}`);
    if (next !== undefined) this.print(`  ${next}`);
  }

  /** Writes that a signal has ended the command; in JSON, an event `interrupted`. */
  printInterruption(signal: NodeJS.Signals, message: string, exitCode: number): void {
    if (this.isJson) this.event('interrupted', { signal, message, exitCode });
    else this.print(message);
  }

  /** Writes the report of a defect that ends the command, in any number of lines; in JSON, an event `error`. */
  printDefect(report: string, exitCode: number): void {
    const message = `this is a defect of halonet: ${report}`;
    if (this.isJson) this.event('error', { message, hint: null, next: null, exitCode });
    else this.#printError(message);
  }

  #printError(message: string): void {
    this.clear();
    this.#stream.write(
      `${styled(['red', 'bold'], 'error:', this.#stream)} ${escapeControlsInLines(message)}\n`,
    );
  }

  /** Writes an event as a JSON line. */
  event(name: string, fields: Readonly<Record<string, unknown>> = {}): void {
    const event = { event: name, time: new Date().toISOString(), ...fields };
    this.#stream.write(`${escapedJson(event, 0)}\n`);
  }

  /** Replaces the drawn line, cut to fit. For terminals only. */
  draw(text: string): void {
    if (this.isJson) return;
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
