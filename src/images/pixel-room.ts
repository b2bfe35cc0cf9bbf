import { totalmem } from 'node:os';

const SHARE = 0.25; // of the machine's memory

interface Waiting {
  readonly bytes: number;
  readonly enter: () => void;
}

/** Room in memory for decoded pixels. What does not fit waits, in turn, until others have left. */
export class PixelRoom {
  readonly #bytes: number;
  #taken = 0; // bytes
  readonly #waiting: Waiting[] = [];

  constructor(bytes: number) {
    this.#bytes = bytes;
  }

  /** Does some work that holds so many bytes. What is larger than all the room has it to itself. */
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

/** The room that all images of this process share. */
export const pixelRoom = new PixelRoom(SHARE * totalmem());
