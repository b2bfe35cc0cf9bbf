import { within } from './within.js';

/** Items of which the first can be looked at before they are taken. */
export interface Peekable<T> {
  /**
   * The first `count` items, or all where there are fewer; they are still to come from `items`. From `enough` items on, those
   * that do not come at once are not waited for.
   */
  readonly peek: (count: number, enough?: number) => Promise<readonly T[]>;
  readonly items: AsyncGenerator<T>; // taken once, after any peek
}

const AT_ONCE_MS = 100;

export function peekable<T>(source: AsyncIterable<T>): Peekable<T> {
  const iterator = source[Symbol.asyncIterator]();
  const seen: T[] = [];
  let reading: Promise<IteratorResult<T>> | undefined; // what was not waited for
  const next = () => {
    const read = reading ?? iterator.next();
    reading = undefined;
    return read;
  };
  const peek = async (count: number, enough = count) => {
    while (seen.length < count) {
      const read = next();
      const item = seen.length < enough ? await read : await within(AT_ONCE_MS, read);
      if (item === undefined || item.done === true) {
        reading = read;
        break;
      }
      seen.push(item.value);
    }
    return seen.slice(0, count);
  };
  // A source that is being read closes when the read ends, and this one may never end.
  const close = async () => (reading === undefined ? iterator.return?.() : undefined);
  return { peek, items: replay(seen, { next, close }) };
}

interface Rest<T> {
  readonly next: () => Promise<IteratorResult<T>>;
  readonly close: () => Promise<unknown>;
}

async function* replay<T>(seen: T[], rest: Rest<T>): AsyncGenerator<T> {
  try {
    yield* seen.splice(0);
    for (let item = await rest.next(); item.done !== true; item = await rest.next()) yield item.value;
  } finally {
    await rest.close();
  }
}
