/** A source whose items can be taken a second time, because they are held in memory. */
export interface Remembered<T> {
  readonly items: AsyncGenerator<T>;
  readonly again: () => AsyncGenerator<T>; // call once, when done with `items`
}

export function remembered<T>(source: AsyncIterable<T>): Remembered<T> {
  const taken: T[] = [];
  async function* remembering(): AsyncGenerator<T> {
    for await (const item of source) {
      taken.push(item);
      yield item;
    }
  }
  const items = remembering();
  async function* again(): AsyncGenerator<T> {
    yield* taken.splice(0);
    yield* items;
  }
  return { items, again };
}
