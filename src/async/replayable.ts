/** A source whose items can be taken twice, because they are kept in memory. */
export interface Replayable<T> {
  readonly items: AsyncGenerator<T>;
  readonly replay: () => AsyncGenerator<T>; // call once, when done with `items`
}

export function replayable<T>(source: AsyncIterable<T>): Replayable<T> {
  const taken: T[] = [];
  async function* remembering(): AsyncGenerator<T> {
    for await (const item of source) {
      taken.push(item);
      yield item;
    }
  }
  const items = remembering();
  async function* replay(): AsyncGenerator<T> {
    yield* taken.splice(0);
    yield* items;
  }
  return { items, replay };
}
