/** The batch sizes that a tuner chooses from. */
export interface BatchLimits {
  readonly smallest: number; // images; the sizes tried are this, twice this, …
  readonly largest: number; // images
  /** Returns whether a batch of `size` fits in memory, given that one of `tried` has run. */
  readonly fits?: (size: number, tried: number) => boolean;
}

// A visit to a size lasts until its runs have taken this long, so clock changes and thread wake-ups matter little.
const VISIT_SECONDS = 0.1;
// The tuner takes the best of three visits, seconds apart, because other load on the machine varies.
const VISITS = 3;
// One size may be slower than its neighbours, for example with kernels for even sizes, so always try the first few.
const FIRST_SIZES = 3;
const GAIN = 0.97; // of the time per image: try larger sizes while they take less than this
const EQUAL = 1.02; // sizes within this factor of the best count as equal; the smallest of them takes the least memory

/** What is known about one size. */
interface Size {
  readonly size: number; // images
  visits: number;
  best: number; // seconds per image, of the best visit
  warm: boolean; // its first run, which plans memory and compiles kernels, is over
  images: number; // of the current visit
  seconds: number; // of the current visit
}

/**
 * Chooses the batch size by the time that batches take. It doubles the size while that makes an image cheaper, then revisits
 * all sizes tried in turn, and keeps the smallest of the best. If `smallest` equals `largest`, that is the size.
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

  /** The number of images for the next batch. */
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

  /** Records the number of images and the time of a run. */
  ran(images: number, seconds: number): void {
    const size = this.#tried.find((each) => each.size === images);
    if (this.#settled || size === undefined) return;
    const { warm } = size;
    size.warm = true;
    // Batches still in progress when the size changed would count as a second visit.
    if (!warm || images !== this.#size) return;
    size.images += images;
    size.seconds += seconds;
    if (size.seconds < VISIT_SECONDS) return;
    size.best = Math.min(size.best, size.seconds / size.images);
    size.visits++;
    [size.images, size.seconds] = [0, 0];
    this.#choose();
  }

  /** Limits later batches to this many images, at least 1, after memory ran out. */
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

  /** Returns whether the largest size so far did well enough to try a larger one. */
  #isWorthwhile(last: Size): boolean {
    const others = this.#tried.filter((each) => each !== last).map(({ best }) => best);
    return this.#tried.length < FIRST_SIZES || last.best < GAIN * Math.min(...others);
  }

  #cheapest(): number {
    const best = Math.min(...this.#tried.map((each) => each.best));
    return this.#tried.find((each) => each.best <= EQUAL * best)?.size ?? this.#size;
  }
}
