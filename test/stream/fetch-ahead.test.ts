import assert from 'node:assert/strict';
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import type { FoundItem, JobItem, OpenItem, TakeRoom } from '../../src/item.js';
import { ImageRefusal } from '../../src/refusal.js';
import { ShortageError } from '../../src/shortage.js';
import { FetchAhead } from '../../src/stream/fetch-ahead.js';

const MEBIBYTE = 2 ** 20;

/** What happened to items. */
interface Story {
  started: number;
  running: number;
  most: number; // at once
}

interface RemoteOptions {
  readonly bytes?: number;
  readonly ms?: number; // how long it takes
  readonly error?: Error;
}

function remoteItem(id: string, story: Story, { bytes = 1, ms = 0, error }: RemoteOptions = {}): FoundItem {
  return {
    status: 'found',
    id,
    remote: 'object',
    columns: { label: id },
    identify: () => assert.fail('asked again'),
    async open(): Promise<OpenItem> {
      story.started++;
      return {
        identity: { bytes, modified: 5n },
        async read(_: number, take: TakeRoom = async () => {}) {
          await take(bytes);
          story.most = Math.max(story.most, ++story.running);
          await sleep(ms);
          story.running--;
          if (error !== undefined) throw error;
          return Buffer.from(id);
        },
      };
    },
  };
}

const newStory = (): Story => ({ started: 0, running: 0, most: 0 });

async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

function fetching(requests: number, cancel: () => void = () => {}): FetchAhead {
  return new FetchAhead({ requests, limit: 1000 * MEBIBYTE, cancel });
}

async function textOf(item: JobItem | undefined): Promise<string> {
  assert.ok(item?.status === 'found');
  const { read } = await item.open();
  return Buffer.from(await read(1000)).toString();
}

describe('FetchAhead', () => {
  it('fetches several items at once, and keeps their order', async () => {
    const story = newStory();
    const items = Array.from({ length: 40 }, (_, i) => remoteItem(String(i), story, { ms: i % 7 }));
    const fetched = fetching(5);
    const texts: string[] = [];
    for await (const item of fetched.items(each(items))) {
      texts.push(await textOf(item));
      assert.equal(await textOf(item), item.id); // again, as for an image that another process decodes
      assert.ok(item.status === 'found' && item.columns?.label === item.id);
      assert.deepEqual(await item.identify(), { bytes: 1, modified: 5n });
      fetched.decoded(item);
    }
    assert.deepEqual(
      texts,
      items.map(({ id }) => id),
    );
    assert.equal(story.most, 5);
  });

  it('does not let a slow item hold up the others', async () => {
    const story = newStory();
    const items = Array.from({ length: 16 }, (_, i) =>
      remoteItem(String(i), story, { ms: i === 0 ? 300 : 0 }),
    );
    const taken = fetching(2).items(each(items));
    const first = taken.next();
    await sleep(150);
    assert.equal(story.started, 16);
    assert.equal((await first).value?.id, '0');
    await taken.return(undefined);
  });

  it('passes local items on unchanged, one at a time', async () => {
    let taken = 0;
    const local = remoteItem('a', newStory());
    const items = [1, 2, 3].map((n): JobItem => ({ ...local, id: String(n), remote: undefined }));
    async function* source() {
      for (const item of items) {
        taken++;
        yield item;
      }
    }
    const passed = fetching(5).items(source());
    assert.equal((await passed.next()).value, items[0]);
    await setImmediate();
    assert.equal(taken, 1);
    assert.equal((await passed.next()).value, items[1]);
    assert.equal((await passed.next()).value, items[2]);
    assert.equal((await passed.next()).done, true);
  });

  it('holds 256 MiB at most, and frees what has been decoded', async () => {
    const story = newStory();
    const items = Array.from({ length: 20 }, (_, i) =>
      remoteItem(String(i), story, { bytes: 60 * MEBIBYTE }),
    );
    const fetched = fetching(20);
    const taken = fetched.items(each(items));
    const first = await taken.next();
    await sleep(50);
    assert.equal(story.most > 0 && story.started <= 20, true);
    const reading = () => story.running;
    assert.equal(reading(), 0);
    let open: JobItem[] = [first.value as JobItem];
    for (let i = 1; i < items.length; i++) {
      const next = taken.next();
      const isThere = await Promise.race([next.then(() => true), sleep(30).then(() => false)]);
      if (!isThere) {
        assert.equal(open.length, 4); // 4 × 60 MiB
        for (const item of open) if (item.status === 'found') fetched.decoded(item);
        open = [];
      }
      open.push((await next).value as JobItem);
    }
    assert.deepEqual(await taken.next().then(({ done }) => done), true);
  });

  it('holds 256 MiB of parts of objects at most', async () => {
    const story = newStory();
    const items = Array.from(
      { length: 8 },
      (_, i): FoundItem => ({ ...remoteItem(String(i), story, { bytes: 100 * MEBIBYTE }), remote: 'part' }),
    );
    const fetched = fetching(8);
    const taken = fetched.items(each(items));
    const first = await taken.next();
    await taken.next();
    const third = taken.next();
    assert.equal(await Promise.race([third.then(() => true), sleep(100).then(() => false)]), false);
    fetched.decoded(first.value as FoundItem);
    assert.equal((await third).value?.id, '2');
    await taken.return(undefined);
  });

  it('fetches an item that is larger than all the room', async () => {
    const story = newStory();
    const items = [1, 2, 3].map((n) => remoteItem(String(n), story, { bytes: 500 * MEBIBYTE }));
    const fetched = fetching(3);
    const ids: string[] = [];
    for await (const item of fetched.items(each(items))) {
      ids.push(item.id);
      if (item.status === 'found') fetched.decoded(item);
    }
    assert.deepEqual(ids, ['1', '2', '3']);
  });

  it('keeps failures for the one who opens the item', async () => {
    const error = new ImageRefusal('network', 'HTTP 503');
    const items = [remoteItem('a', newStory(), { error }), remoteItem('b', newStory())];
    const fetched = fetching(2).items(each(items));
    const first = (await fetched.next()).value as FoundItem;
    const { identity, read } = await first.open();
    assert.deepEqual(identity, { bytes: 1, modified: 5n });
    await assert.rejects(read(10), error);
    assert.equal(await textOf((await fetched.next()).value as JobItem), 'b');
  });

  it('passes on that the system is short of something', async () => {
    const error = new ShortageError('too few files');
    await assert.rejects(
      fetching(1)
        .items(each([remoteItem('a', newStory(), { error })]))
        .next(),
      error,
    );
  });

  it('ends the requests under way when the items are not needed any more', async () => {
    const cancelled = new AbortController();
    const hanging: FoundItem = {
      ...remoteItem('slow', newStory()),
      open: () =>
        new Promise((_, reject) => {
          cancelled.signal.addEventListener('abort', () => reject(new Error('cancelled')));
        }),
    };
    const large = (n: number) => remoteItem(String(n), newStory(), { bytes: 200 * MEBIBYTE });
    const items = [remoteItem('first', newStory()), hanging, large(1), large(2), large(3), large(4)];
    const fetched = fetching(3, () => cancelled.abort()).items(each(items));
    await fetched.next();
    await fetched.return(undefined);
    assert.ok(cancelled.signal.aborted);
  });

  it('ends no requests when all items have been taken', async () => {
    const fetched = fetching(3, () => assert.fail('cancelled')).items(each([remoteItem('a', newStory())]));
    for await (const _ of fetched);
  });
});
