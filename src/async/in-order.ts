/**
 * Starts work on items as they come, at most `ahead()` at once, and yields the results in the order of the items: each as
 * soon as it and those before it are done, without waiting for the source.
 *
 * When the consumer stops early, work under way is waited for; the source is closed unless a read of it is pending,
 * which may never end (a list that is typed on standard input).
 *
 * @throws what the source or the work throws, in its turn
 */
export async function* inOrder<T, R>(
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

/** The next item, or undefined when the oldest work is done before it comes. */
function firstOf<T>(
  reading: Promise<IteratorResult<T>> | undefined,
  oldest: Promise<unknown> | undefined,
): Promise<IteratorResult<T> | undefined> {
  const done = oldest?.then(() => undefined);
  return Promise.race([reading, done].filter((promise) => promise !== undefined));
}

/** Awaited in its turn; until then a rejection is not unhandled. */
function quietly<R>(work: Promise<R>): Promise<R> {
  work.catch(() => {});
  return work;
}
