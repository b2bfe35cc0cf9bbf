/** A source that reports whether the consumer is waiting for it. */
export class WatchedSource<T> implements AsyncIterable<T> {
  readonly #items: AsyncIterable<T>;
  #pending = false;

  constructor(items: AsyncIterable<T>) {
    this.#items = items;
  }

  /** Whether an item has been requested and has not arrived. */
  get pending(): boolean {
    return this.#pending;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    this.#pending = true;
    for await (const item of this.#items) {
      this.#pending = false;
      yield item;
      this.#pending = true;
    }
    this.#pending = false;
  }
}
