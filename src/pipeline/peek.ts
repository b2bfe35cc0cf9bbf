/** Items of which the first can be looked at before they are taken. */
export interface Peekable<T> {
  /** The first `count` items, or all where there are fewer; they are still to come from `items`. */
  readonly peek: (count: number) => Promise<readonly T[]>;
  readonly items: AsyncGenerator<T>; // taken once, after any peek
}

export function peekable<T>(source: AsyncIterable<T>): Peekable<T> {
  const iterator = source[Symbol.asyncIterator]();
  const seen: T[] = [];
  const peek = async (count: number) => {
    while (seen.length < count) {
      const next = await iterator.next();
      if (next.done === true) break;
      seen.push(next.value);
    }
    return seen.slice(0, count);
  };
  return { peek, items: replay(seen, iterator) };
}

async function* replay<T>(seen: T[], rest: AsyncIterator<T>): AsyncGenerator<T> {
  try {
    yield* seen.splice(0);
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}
