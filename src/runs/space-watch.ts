import { stat } from 'node:fs/promises';
import { enumeration } from '../alternatives.js';
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
}

export interface SpaceWatchOptions {
  readonly total: () => number | undefined; // of rows, once known
  readonly everySeconds: number; // between two checks
  readonly onNote: (note: string) => void;
}

/**
 * Compares the space that the outputs of a run still need with the free space, disk by disk, as rows are written. A run that does
 * not fit from the start stops early. If space runs short later, it only warns: another process may free some.
 */
export class SpaceWatch {
  readonly #outputs: readonly WatchedOutput[];
  readonly #options: SpaceWatchOptions;
  #disks: readonly (readonly WatchedOutput[])[] | undefined; // the outputs on each
  #rows: number;
  #looked: number | undefined; // performance.now()
  #fits = false; // as estimated from enough rows
  #told = false;

  /** @param rows written already */
  constructor(outputs: readonly WatchedOutput[], rows: number, options: SpaceWatchOptions) {
    this.#outputs = outputs;
    this.#options = options;
    this.#rows = rows;
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
    const { outputs, needed, free, folder } = shortage;
    if (!this.#fits) throw outOfSpace(outputs, shortage);
    if (this.#told) return;
    this.#told = true;
    const need = outputs.length === 1 ? 'needs' : 'need';
    this.#options.onNote(
      `disk space is running out: ${enumeration(outputs)} ${need} at least ${bytesText(needed)} more, and ${bytesText(free)} are free in ${folder}`,
    );
  }

  get #tells(): boolean {
    return this.#rows >= ENOUGH_ROWS;
  }

  #isDue(): boolean {
    if (this.#looked === undefined || (!this.#fits && this.#tells)) return true;
    return performance.now() - this.#looked >= 1000 * this.#options.everySeconds;
  }

  async #shortage(total: number): Promise<(Shortage & { readonly outputs: readonly string[] }) | undefined> {
    this.#disks ??= await byDisk(this.#outputs);
    for (const disk of this.#disks) {
      const needed = disk
        .map(({ layout, bytes }) => bytesLeft(layout, { rows: this.#rows, bytes: bytes() }, total))
        .reduce((sum, bytes) => sum + bytes, 0);
      const folder = disk[0]?.folder ?? '';
      const free = await freeSpace(folder);
      if (free !== undefined && needed > free)
        return { outputs: disk.map(({ output }) => output), needed, free, folder };
    }
    return undefined;
  }
}

/** Groups outputs by the disk that their folder is on. */
export async function byDisk<T extends Pick<OutputSpace, 'folder'>>(
  outputs: readonly T[],
): Promise<readonly (readonly T[])[]> {
  const disks = new Map<number | undefined, T[]>();
  for (const output of outputs) {
    const device = (await stat(output.folder).catch(() => undefined))?.dev;
    const disk = disks.get(device);
    if (disk === undefined) disks.set(device, [output]);
    else disk.push(output);
  }
  return [...disks.values()];
}
