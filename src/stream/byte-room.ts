interface Waiting {
  readonly order: number;
  readonly bytes: number;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * Room in memory that items share. They take it in any order and leave in any order; the first item that has not left always gets what
 * it takes, so that the others cannot keep it waiting for ever.
 */
export class ByteRoom {
  readonly #most: number;
  #taken = 0;
  #entered = 0; // items
  readonly #inside = new Map<number, number>(); // order to bytes, in order
  #waiting: readonly Waiting[] = [];
  #closed: unknown;

  /** @param most bytes of all items together, unless the first one alone has more */
  constructor(most: number) {
    this.#most = most;
  }

  /** Returns the place of the next item. */
  enter(): number {
    const order = this.#entered++;
    this.#inside.set(order, 0);
    return order;
  }

  /** Waits until so many more bytes fit, and takes room for them. */
  async take(order: number, bytes: number): Promise<void> {
    if (this.#closed !== undefined) throw this.#closed;
    if (this.#fits(order, bytes)) return this.#give(order, bytes);
    await new Promise<void>((resolve, reject) => {
      this.#waiting = [...this.#waiting, { order, bytes, resolve, reject }];
    });
  }

  /** Gives back all that an item has taken. */
  leave(order: number): void {
    this.#taken -= this.#inside.get(order) ?? 0;
    this.#inside.delete(order);
    const waiting = [...this.#waiting].sort((a, b) => a.order - b.order);
    this.#waiting = waiting.filter(({ order: one, bytes, resolve }) => {
      if (!this.#fits(one, bytes)) return true;
      this.#give(one, bytes);
      resolve();
      return false;
    });
  }

  /** Fails those who wait, and all who come. */
  close(reason: Error): void {
    this.#closed = reason;
    for (const { reject } of this.#waiting) reject(reason);
    this.#waiting = [];
  }

  #fits(order: number, bytes: number): boolean {
    const [first] = this.#inside.keys();
    return order === first || this.#taken + bytes <= this.#most;
  }

  #give(order: number, bytes: number): void {
    this.#taken += bytes;
    this.#inside.set(order, (this.#inside.get(order) ?? 0) + bytes);
  }
}
