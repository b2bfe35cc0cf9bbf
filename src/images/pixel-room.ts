import { totalmem } from 'node:os';

const SHARE = 0.25; // of the machine's memory

interface Waiting {
  readonly bytes: number;
  readonly enter: () => void;
}

/** A memory budget for decoded pixels. Work that does not fit waits its turn until other work has finished. */
export class PixelRoom {
  readonly #bytes: number;
  #taken = 0; // bytes
  readonly #waiting: Waiting[] = [];

  constructor(bytes: number) {
    this.#bytes = bytes;
  }

  /** Runs work that holds this many bytes. Work larger than the whole budget runs alone. */
  async hold<T>(bytes: number, work: () => Promise<T>): Promise<T> {
    await new Promise<void>((enter) => {
      this.#waiting.push({ bytes, enter });
      this.#admit();
    });
    try {
      return await work();
    } finally {
      this.#taken -= bytes;
      this.#admit();
    }
  }

  #admit(): void {
    for (;;) {
      const [next] = this.#waiting;
      if (next === undefined || (this.#taken > 0 && this.#taken + next.bytes > this.#bytes)) return;
      this.#waiting.shift();
      this.#taken += next.bytes;
      next.enter();
    }
  }
}

/** The budget that all images of this process share. */
export const pixelRoom = new PixelRoom(SHARE * totalmem());
