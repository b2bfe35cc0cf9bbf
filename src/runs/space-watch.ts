import { bytesText } from '../bytes-text.js';
import { freeSpace } from '../files/free-space.js';
import type { OutputLayout } from '../outputs/layout.js';
import { bytesLeft, ENOUGH_ROWS, outOfSpace, type Shortage } from './space.js';

/** The folder and size of a growing output. */
export interface OutputSpace {
  readonly folder: string;
  readonly bytes: () => number; // so far, of its text and arrays
}

export interface WatchedOutput extends OutputSpace {
  readonly output: string; // as the user gave it
  readonly layout: OutputLayout;
  readonly rows: number; // written already
}

export interface SpaceWatchOptions {
  readonly total: () => number | undefined; // of rows, once known
  readonly everySeconds: number; // between two checks
  readonly onNote: (note: string) => void;
}

/**
 * Compares the space that an output still needs with the free space, as rows are written. A run that does not fit from the
 * start stops early. If space runs short later, it only warns: another process may free some.
 */
export class SpaceWatch {
  readonly #output: WatchedOutput;
  readonly #options: SpaceWatchOptions;
  #rows: number;
  #looked: number | undefined; // performance.now()
  #fits = false; // as estimated from enough rows
  #told = false;

  constructor(output: WatchedOutput, options: SpaceWatchOptions) {
    this.#output = output;
    this.#options = options;
    this.#rows = output.rows;
  }

  /**
   * Counts a row that has been written, and checks the free space if due.
   * @throws {OutputError} if not all rows will fit
   */
  async wrote(): Promise<void> {
    this.#rows++;
    const total = this.#options.total();
    if (total === undefined || !this.#isDue()) return;
    this.#looked = performance.now();
    const shortage = await this.#shortage(total);
    if (shortage === undefined) {
      this.#fits ||= this.#tells;
      return;
    }
    const { output } = this.#output;
    if (!this.#fits) throw outOfSpace(output, shortage);
    if (this.#told) return;
    this.#told = true;
    const { needed, free, folder } = shortage;
    this.#options.onNote(
      `disk space is running out: ${output} needs another ${bytesText(needed)}, and ${bytesText(free)} are free in ${folder}`,
    );
  }

  get #tells(): boolean {
    return this.#rows >= ENOUGH_ROWS;
  }

  #isDue(): boolean {
    if (this.#looked === undefined || (!this.#fits && this.#tells)) return true;
    return performance.now() - this.#looked >= 1000 * this.#options.everySeconds;
  }

  async #shortage(total: number): Promise<Shortage | undefined> {
    const { layout, folder, bytes } = this.#output;
    const needed = bytesLeft(layout, { rows: this.#rows, bytes: bytes() }, total);
    const free = await freeSpace(folder);
    return free === undefined || needed <= free ? undefined : { needed, free, folder };
  }
}
