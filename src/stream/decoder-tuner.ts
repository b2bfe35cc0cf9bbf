/** One run of the session, as it concerns the decoders. */
export interface Demand {
  readonly images: number;
  readonly ran: number; // seconds, of the session
  readonly waited: number; // seconds that the session waited for the batch
  readonly busy: boolean; // every decoder has work
}

const WINDOW_SECONDS = 0.5; // length of one measurement
const STARVED = 0.05; // try more decoders if the session waits for more than this part of the time
const GAIN = 1.03; // factor in images/s that more decoders must gain
const REST = 40; // windows to wait after more decoders gained too little

/**
 * Chooses how many images to decode at once: more while the session waits for images and more decoders deliver them faster,
 * but no more than that, because decoders compete for the same cores.
 */
export class DecoderTuner {
  readonly #largest: number;
  #count: number;
  #window = { images: 0, ran: 0, waited: 0, busy: true };
  #before: { readonly count: number; readonly rate: number } | undefined; // the last raise
  #rest = 0; // windows

  /** If `smallest` equals `largest`, that is the number. */
  constructor({ smallest, largest }: { readonly smallest: number; readonly largest: number }) {
    this.#largest = largest;
    this.#count = Math.min(smallest, largest);
  }

  /** The number of images to decode at once. */
  get count(): number {
    return this.#count;
  }

  /** Records a run of the session. */
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
