import { counted, grouped } from '../../src/counted.js';
import type { StandardError } from './standard-error.js';

const REDRAW_MS = 100;

interface Download {
  readonly file: string;
  readonly received: number; // bytes
  readonly total: number; // bytes
}

/** A line on a terminal that is redrawn in place; silent elsewhere. */
export class Progress {
  readonly #output: StandardError;
  readonly #quiet: boolean;
  readonly #announced = new Set<string>();
  #drawn = 0;
  #start = performance.now();
  #images = 0;
  #before = 0; // images whose rows existed already
  #failed = 0;
  #total: number | undefined;

  /** @param quiet draw nothing, even on a terminal */
  constructor(output: StandardError, quiet: boolean) {
    this.#output = output;
    this.#quiet = quiet;
  }

  /** Whether anything is drawn. If not, callers skip work that only the display needs. */
  get active(): boolean {
    return this.#output.isTerminal && !this.#quiet;
  }

  /** Sets the number of inputs, once known. */
  setTotal(images: number | undefined): void {
    this.#total = images;
  }

  /** Reports a download: a redrawn line on a terminal, otherwise one line per file. */
  download({ file, received, total }: Download): void {
    const size = `${(total / 1e6).toFixed(1)} MB`;
    this.note(`downloading ${file}: ${(received / 1e6).toFixed(1)} of ${size}`);
    if (this.#announced.has(file) || this.active || this.#quiet) return;
    this.#announced.add(file);
    this.#output.print(`downloading ${file} (${size})`);
  }

  /**
   * Starts counting rates: the model is ready.
   *
   * @param images number of images already done
   */
  begin(images: number): void {
    this.#start = performance.now();
    this.#before = images;
    this.#images = images;
  }

  /** @param stored whether its row existed already, so that it does not count towards the rate */
  image(failed: boolean, stored: boolean): void {
    this.#images++;
    if (failed) this.#failed++;
    if (stored) this.#before++;
    if (!this.#isDue()) return;
    const seconds = (performance.now() - this.#start) / 1000;
    const rate = (this.#images - this.#before) / Math.max(seconds, 1e-3);
    this.note(progressLine(this.#images, this.#failed, this.#total, rate));
  }

  /** Draws a line, unless one was drawn just now. */
  note(text: string): void {
    if (!this.#isDue()) return;
    this.#drawn = performance.now();
    this.#output.draw(text);
  }

  /** Clears the line. */
  clear(): void {
    this.#output.clear();
    this.#drawn = 0;
  }

  #isDue(): boolean {
    return this.active && performance.now() - this.#drawn >= REDRAW_MS;
  }
}

/** Returns count, rate and time left, as far as known. */
export function progressLine(
  images: number,
  failed: number,
  total: number | undefined,
  rate: number, // images a second
): string {
  const count =
    total === undefined ? counted(images, 'image') : `${grouped(images)} of ${counted(total, 'image')}`;
  const left = total === undefined ? '' : `, ${duration((total - images) / rate)} left`;
  return `${count}, ${rate.toFixed(1)}/s${left}${failed > 0 ? `, ${grouped(failed)} failed` : ''}`;
}

/** Formats seconds as 1h02m, 3m04s or 5s. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const two = (n: number) => String(n).padStart(2, '0');
  if (whole >= 3600) return `${Math.floor(whole / 3600)}h${two(Math.floor((whole % 3600) / 60))}m`;
  return whole >= 60 ? `${Math.floor(whole / 60)}m${two(whole % 60)}s` : `${whole}s`;
}
