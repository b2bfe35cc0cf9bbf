/**
 * Starts work on items as they arrive, at most `ahead()` at once, and yields the results in input order: each as soon as it
 * and all earlier ones are done, without waiting for the source.
 *
 * If the consumer stops early, it waits for work in progress, and closes the source unless a read is pending: that read may
 * never end (a list typed on standard input).
 *
 * @throws what the source or the work throws, at that item's turn
 */
export async function* mapInOrder<T, R>(
  items: AsyncIterable<T>,
  start: (item: T) => Promise<R>,
  ahead: () => number,
): AsyncGenerator<R> {
  const source = items[Symbol.asyncIterator]();
  const started: Promise<R>[] = [];
  let reading: Promise<IteratorResult<T>> | undefined;
  let ended = false;
  try {
    while (!ended || started.length > 0) {
      if (!ended && started.length < ahead()) reading ??= source.next();
      const read = await firstOf(reading, started[0]);
      if (read === undefined) {
        yield await (started.shift() as Promise<R>);
      } else {
        reading = undefined;
        if (read.done) ended = true;
        else started.push(quietly(start(read.value)));
      }
    }
  } finally {
    await Promise.allSettled(started);
    if (reading === undefined) await source.return?.();
  }
}

/** Returns the next item, or undefined if the oldest work finishes first. */
function firstOf<T>(
  reading: Promise<IteratorResult<T>> | undefined,
  oldest: Promise<unknown> | undefined,
): Promise<IteratorResult<T> | undefined> {
  const done = oldest?.then(() => undefined);
  return Promise.race([reading, done].filter((promise) => promise !== undefined));
}

/** Marks a rejection as handled, because the work is awaited only at its turn. */
function quietly<R>(work: Promise<R>): Promise<R> {
  work.catch(() => {});
  return work;
}
