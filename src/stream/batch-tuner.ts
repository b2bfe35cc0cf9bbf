/** The batch sizes that a tuner chooses from. */
export interface BatchLimits {
  readonly smallest: number; // images; the sizes tried are this, twice this, …
  readonly largest: number; // images
  /** Whether memory has room for a batch of `size`, where one of `tried` has run. */
  readonly fits?: (size: number, tried: number) => boolean;
}

// A visit to a size lasts until its runs have taken so long: clocks and threads waking up then count for little.
const VISIT_SECONDS = 0.1;
// The best of three visits is taken, seconds apart: what else the machine does comes and goes.
const VISITS = 3;
// Where one size is slower than its neighbours, as with kernels made for even sizes, that is no reason to stop.
const FIRST_SIZES = 3;
const GAIN = 0.97; // of the time per image: larger sizes are tried while they take less than this
const EQUAL = 1.02; // sizes within this of the best are as good: the smallest takes the least memory

/** What is known of one size. */
interface Size {
  readonly size: number; // images
  visits: number;
  best: number; // seconds per image, of the best visit
  warm: boolean; // its first run, which plans memory and compiles kernels, is over
  images: number; // of the visit under way
  seconds: number; // of the visit under way
}

/**
 * Chooses the number of images of a batch by the time that batches take. Sizes are doubled while that makes an image
 * cheaper, then all that were tried are visited again in turn, and the smallest of the best is kept. Where smallest and
 * largest are one, that is the size.
 */
export class BatchTuner {
  readonly #fits: (size: number, tried: number) => boolean;
  readonly #tried: Size[] = [];
  #largest: number;
  #size: number;
  #settled: boolean;

  constructor({ smallest, largest, fits = () => true }: BatchLimits) {
    this.#fits = fits;
    this.#largest = largest;
    this.#size = Math.min(smallest, largest);
    this.#settled = smallest >= largest;
    this.#try(this.#size);
  }

  /** How many images the next batch should have. */
  get size(): number {
    return this.#size;
  }

  /** The most images that one run may have. */
  get largest(): number {
    return this.#largest;
  }

  /** Whether the size is final, unless memory runs out. */
  get settled(): boolean {
    return this.#settled;
  }

  /** Takes note of a run: how many images it had and how long it took. */
  ran(images: number, seconds: number): void {
    const size = this.#tried.find((each) => each.size === images);
    if (this.#settled || size === undefined) return;
    const { warm } = size;
    size.warm = true;
    // Batches that were under way when the next size was chosen would make two visits of one.
    if (!warm || images !== this.#size) return;
    size.images += images;
    size.seconds += seconds;
    if (size.seconds < VISIT_SECONDS) return;
    size.best = Math.min(size.best, size.seconds / size.images);
    size.visits++;
    [size.images, size.seconds] = [0, 0];
    this.#choose();
  }

  /** Memory ran out: no later batch is larger than this, at least 1. */
  limit(images: number): void {
    this.#largest = Math.min(this.#largest, Math.max(1, images));
    const fitting = this.#tried.filter(({ size }) => size <= this.#largest);
    this.#tried.splice(0, this.#tried.length, ...fitting);
    if (this.#settled || this.#tried.length === 0) {
      this.#size = Math.min(this.#size, this.#largest);
      this.#settled = true;
    } else {
      this.#choose();
    }
  }

  #choose(): void {
    const last = this.#tried.at(-1);
    if (last === undefined || last.visits === 0) return;
    const next = last.size * 2;
    if (this.#isWorthwhile(last) && next <= this.#largest && this.#fits(next, last.size)) {
      this.#try(next);
      return;
    }
    const due = this.#tried.reduce((least, each) => (each.visits < least.visits ? each : least));
    this.#settled = due.visits >= VISITS;
    this.#size = this.#settled ? this.#cheapest() : due.size;
  }

  #try(size: number): void {
    this.#tried.push({ size, visits: 0, best: Number.POSITIVE_INFINITY, warm: false, images: 0, seconds: 0 });
    this.#size = size;
  }

  /** Whether the largest size so far did well enough to try a larger one. */
  #isWorthwhile(last: Size): boolean {
    const others = this.#tried.filter((each) => each !== last).map(({ best }) => best);
    return this.#tried.length < FIRST_SIZES || last.best < GAIN * Math.min(...others);
  }

  #cheapest(): number {
    const best = Math.min(...this.#tried.map((each) => each.best));
    return this.#tried.find((each) => each.best <= EQUAL * best)?.size ?? this.#size;
  }
}
