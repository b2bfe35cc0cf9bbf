import type { StandardError } from './standard-error.js';

const REDRAW_MS = 100;

interface Download {
  readonly file: string;
  readonly received: number; // bytes
  readonly total: number; // bytes
}

/** One line on a terminal that is drawn again and again; silent elsewhere. */
export class Progress {
  readonly #output: StandardError;
  readonly #quiet: boolean;
  readonly #announced = new Set<string>();
  #drawn = 0;
  #start = performance.now();
  #images = 0;
  #before = 0; // images whose rows were there already
  #failed = 0;
  #total: number | undefined;

  /** @param quiet draw nothing, terminal or not */
  constructor(output: StandardError, quiet: boolean) {
    this.#output = output;
    this.#quiet = quiet;
  }

  /** Whether anything is drawn: what costs work to know need not be found out otherwise. */
  get active(): boolean {
    return this.#output.isTerminal && !this.#quiet;
  }

  /** The number of inputs, once it is known. */
  setTotal(images: number | undefined): void {
    this.#total = images;
  }

  /** State of a download: a line drawn again and again, or, on what is no terminal, one line per file. */
  download({ file, received, total }: Download): void {
    const size = `${(total / 1e6).toFixed(1)} MB`;
    this.note(`downloading ${file}: ${(received / 1e6).toFixed(1)} of ${size}`);
    if (this.#announced.has(file) || this.active || this.#quiet) return;
    this.#announced.add(file);
    this.#output.say(`downloading ${file} (${size})`);
  }

  /**
   * The model is ready: rates count from here.
   * @param images that are done already
   */
  begin(images: number): void {
    this.#start = performance.now();
    this.#before = images;
    this.#images = images;
  }

  /** @param stored whether its row was there already, so that it tells nothing of the rate */
  image(failed: boolean, stored: boolean): void {
    this.#images++;
    if (failed) this.#failed++;
    if (stored) this.#before++;
    if (!this.#isDue()) return;
    const seconds = (performance.now() - this.#start) / 1000;
    const rate = (this.#images - this.#before) / Math.max(seconds, 1e-3);
    this.note(progressLine(this.#images, this.#failed, this.#total, rate));
  }

  /** Draws a line of text, unless one was drawn just now. */
  note(text: string): void {
    if (!this.#isDue()) return;
    this.#drawn = performance.now();
    this.#output.draw(text);
  }

  /** Removes the line. */
  clear(): void {
    this.#output.clear();
    this.#drawn = 0;
  }

  #isDue(): boolean {
    return this.active && performance.now() - this.#drawn >= REDRAW_MS;
  }
}

/** Count, rate and time left, as far as they are known. */
export function progressLine(
  images: number,
  failed: number,
  total: number | undefined,
  rate: number, // images a second
): string {
  const count =
    total === undefined ? `${images} ${images === 1 ? 'image' : 'images'}` : `${images} of ${total} images`;
  const left = total === undefined ? '' : `, ${duration((total - images) / rate)} left`;
  return `${count}, ${rate.toFixed(1)}/s${left}${failed > 0 ? `, ${failed} failed` : ''}`;
}

/** Seconds as 1h02m, 3m04s or 5s. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const two = (n: number) => String(n).padStart(2, '0');
  if (whole >= 3600) return `${Math.floor(whole / 3600)}h${two(Math.floor((whole % 3600) / 60))}m`;
  return whole >= 60 ? `${Math.floor(whole / 60)}m${two(whole % 60)}s` : `${whole}s`;
}
