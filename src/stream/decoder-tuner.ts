/** One run of the session, as the decoders see it. */
export interface Demand {
  readonly images: number;
  readonly ran: number; // seconds, of the session
  readonly waited: number; // seconds that the session had no batch before it
  readonly busy: boolean; // every decoder has work
}

const WINDOW_SECONDS = 0.5; // measured at once
const STARVED = 0.05; // part of the time that the session waits, from which on more decoders are tried
const GAIN = 1.03; // in images/s, which the new decoders must bring
const REST = 40; // windows until more are tried again, after they brought nothing

/**
 * Chooses how many images are decoded at once: more while the session waits for images and more bring them faster, and no
 * more, since decoders take the time of the same cores.
 */
export class DecoderTuner {
  readonly #largest: number;
  #count: number;
  #window = { images: 0, ran: 0, waited: 0, busy: true };
  #before: { readonly count: number; readonly rate: number } | undefined; // the last raise
  #rest = 0; // windows

  /** Where smallest and largest are one, that is the number. */
  constructor({ smallest, largest }: { readonly smallest: number; readonly largest: number }) {
    this.#largest = largest;
    this.#count = Math.min(smallest, largest);
  }

  /** Images to be decoded at once. */
  get count(): number {
    return this.#count;
  }

  /** Takes note of a run of the session. */
  ran({ images, ran, waited, busy }: Demand): void {
    const { images: i, ran: r, waited: w, busy: b } = this.#window;
    this.#window = { images: i + images, ran: r + ran, waited: w + waited, busy: b && busy };
    if (this.#window.ran + this.#window.waited >= WINDOW_SECONDS) this.#choose();
  }

  #choose(): void {
    const { images, ran, waited, busy } = this.#window;
    this.#window = { images: 0, ran: 0, waited: 0, busy: true };
    const rate = images / (ran + waited);
    const before = this.#before;
    this.#before = undefined;
    if (before !== undefined && rate < GAIN * before.rate) {
      this.#count = before.count;
      this.#rest = REST;
    } else if (this.#rest > 0) {
      this.#rest--;
    } else if (busy && waited > STARVED * (ran + waited) && this.#count < this.#largest) {
      this.#before = { count: this.#count, rate };
      this.#count = Math.min(this.#count * 2, this.#largest);
    }
  }
}
