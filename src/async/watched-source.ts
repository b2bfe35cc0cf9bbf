/** A source that reports whether, and when, the consumer is waiting for it. */
export class WatchedSource<T> implements AsyncIterable<T> {
  readonly #items: AsyncIterable<T>;
  readonly #onPending: (pending: boolean) => void;
  #pending = false;

  /** @param onPending called when the consumer starts to wait, and when it has an item or the source ends */
  constructor(items: AsyncIterable<T>, onPending: (pending: boolean) => void = () => {}) {
    this.#items = items;
    this.#onPending = onPending;
  }

  /** Whether an item has been requested and has not arrived. */
  get pending(): boolean {
    return this.#pending;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    this.#set(true);
    for await (const item of this.#items) {
      this.#set(false);
      yield item;
      this.#set(true);
    }
    this.#set(false);
  }

  #set(pending: boolean): void {
    this.#pending = pending;
    this.#onPending(pending);
  }
}
