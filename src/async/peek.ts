import { withTimeout } from './with-timeout.js';

/** Items, the first of which can be inspected before they are taken. */
export interface Peekable<T> {
  /**
   * Returns the first `count` items, or all if there are fewer; `items` still yields them. Once it has `enough`, it does not
   * wait for items that do not arrive at once.
   */
  readonly peek: (count: number, enough?: number) => Promise<readonly T[]>;
  readonly items: AsyncGenerator<T>; // taken once, after any peek
}

const AT_ONCE_MS = 100;

export function peekable<T>(source: AsyncIterable<T>): Peekable<T> {
  const iterator = source[Symbol.asyncIterator]();
  const seen: T[] = [];
  let reading: Promise<IteratorResult<T>> | undefined; // a read that `peek` did not wait for
  const next = () => {
    const read = reading ?? iterator.next();
    reading = undefined;
    return read;
  };
  const peek = async (count: number, enough = count) => {
    while (seen.length < count) {
      const read = next();
      const item = seen.length < enough ? await read : await withTimeout(AT_ONCE_MS, read);
      if (item === undefined || item.done === true) {
        reading = read;
        break;
      }
      seen.push(item.value);
    }
    return seen.slice(0, count);
  };
  // A source closes only after a pending read ends, and this read may never end.
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
