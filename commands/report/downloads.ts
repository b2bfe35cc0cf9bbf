import type { Display } from './display.js';
import type { StandardError } from './standard-error.js';

interface Download {
  readonly file: string;
  readonly received: number; // bytes
  readonly total: number; // bytes
}

/** Reports downloads: in the redrawn line of a terminal, otherwise with one line per file. */
export class Downloads {
  readonly #output: StandardError;
  readonly #display: Display;
  readonly #quiet: boolean;
  readonly #announced = new Set<string>();

  constructor(output: StandardError, display: Display, quiet: boolean) {
    this.#output = output;
    this.#display = display;
    this.#quiet = quiet;
  }

  report({ file, received, total }: Download): void {
    const size = `${(total / 1e6).toFixed(1)} MB`;
    if (!this.#quiet && this.#display.kind !== 'bar' && !this.#announced.has(file)) {
      this.#announced.add(file);
      this.#output.print(`downloading ${file} (${size})`);
    }
    this.#display.show(() => `downloading ${file}: ${(received / 1e6).toFixed(1)} of ${size}`);
  }
}
