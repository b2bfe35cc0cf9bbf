import assert from 'node:assert/strict';
import { stat } from 'node:fs/promises';
import PQueue from 'p-queue';
import { BrokenPath, FileItem } from '../../src/file-item.js';
import type { DecodedImage } from '../../src/images/decode.js';
import type { FoundItem, Item, JobItem } from '../../src/item.js';
import { BufferPool, groupBatches } from '../../src/stream/batches.js';
import { type DecodedItem, decodeInOrder } from '../../src/stream/decode-in-order.js';

async function* found(count: number, onTake: () => void = () => {}): AsyncGenerator<Item> {
  for (let i = 0; i < count; i++) {
    onTake();
    yield new FileItem(String(i));
  }
}

const turns = async (count: number) => {
  for (let i = 0; i < count; i++) await new Promise(setImmediate);
};

describe('decodeInOrder', () => {
  it('keeps input order when later images are ready first', async () => {
    const decode = async ({ id }: FoundItem): Promise<DecodedImage> => {
      await turns(20 - Number(id));
      return { status: 'ok', pixels: Uint8Array.of(Number(id)) };
    };
    const paths: string[] = [];
    for await (const item of decodeInOrder(found(20), {
      decode,
      decoders: new PQueue({ concurrency: 5 }),
      ahead: () => 8,
    }))
      paths.push(item.id);
    assert.deepEqual(
      paths,
      Array.from({ length: 20 }, (_, i) => String(i)),
    );
  });

  it('limits how many images it decodes at once and how many items it holds', async () => {
    let [running, most, taken] = [0, 0, 0];
    const decode = async (): Promise<DecodedImage> => {
      most = Math.max(most, ++running);
      await turns(2);
      running--;
      return { status: 'ok', pixels: new Uint8Array() };
    };
    let yielded = 0;
    const items = found(100, () => taken++);
    for await (const _ of decodeInOrder(items, {
      decode,
      decoders: new PQueue({ concurrency: 3 }),
      ahead: () => 10,
    })) {
      yielded++;
      await turns(5); // a slow consumer
      assert.ok(taken - yielded <= 10, `${taken} taken, ${yielded} yielded`);
    }
    assert.equal(yielded, 100);
    assert.equal(most, 3);
  });

  it('passes on failures of the source and of decoding, in order', async () => {
    const failure = { code: 'not_found', message: 'no such file' } as const;
    async function* items(): AsyncGenerator<Item> {
      yield new FileItem('a');
      yield new BrokenPath('b', failure);
      yield new FileItem('c');
    }
    const decode = async ({ id }: FoundItem): Promise<DecodedImage> =>
      id === 'a' ? { status: 'failed', failure } : { status: 'ok', pixels: new Uint8Array() };
    const seen: string[] = [];
    for await (const { id, status } of decodeInOrder(items(), {
      decode,
      decoders: new PQueue({ concurrency: 2 }),
      ahead: () => 2,
    })) {
      seen.push(`${id} ${status}`);
    }
    assert.deepEqual(seen, ['a failed', 'b failed', 'c ok']);
  });

  it('reports the identity of each file, and reads it if the decoder did not', async () => {
    const [found, opened] = [{ bytes: 3, modified: 5n }, 'a'];
    const photo = 'fixtures/preprocess/gray.jpg';
    const { size, mtimeNs } = await stat(photo, { bigint: true });
    const failure = { code: 'permission', message: 'permission denied' } as const;
    async function* items(): AsyncGenerator<Item> {
      for (const path of [opened, photo, '/no/such/file']) yield new FileItem(path);
      yield new BrokenPath(photo, failure);
    }
    const decode = async ({ id }: FoundItem): Promise<DecodedImage> =>
      id === opened ? { status: 'ok', pixels: new Uint8Array(), file: found } : { status: 'failed', failure };
    const files = [];
    const options = { decode, decoders: new PQueue({ concurrency: 2 }), ahead: () => 2 };
    for await (const { file } of decodeInOrder(items(), options)) files.push(file);
    const looked = { bytes: Number(size), modified: mtimeNs };
    assert.deepEqual(files, [found, looked, undefined, looked]);
  });

  it('passes on stored rows without decoding', async () => {
    const none = async () => assert.fail('nothing is to be read');
    const stored = { key: 0n, target: 0n, failure: undefined, bytes: none };
    const item: JobItem = { status: 'stored', id: 'a', file: undefined, stored };
    async function* items(): AsyncGenerator<JobItem> {
      yield item;
    }
    const options = { decode: none, decoders: new PQueue({ concurrency: 1 }), ahead: () => 1 };
    const passed: DecodedItem[] = [];
    for await (const decoded of decodeInOrder(items(), options)) passed.push(decoded);
    assert.deepEqual(passed, [{ status: 'stored', id: 'a', target: undefined, file: undefined, stored }]);
    assert.ok(passed[0]?.status === 'stored' && passed[0].stored === stored);
  });
});

describe('groupBatches', () => {
  const failure = { code: 'decode_failed', message: 'x' } as const;
  async function* decoded(pattern: string): AsyncGenerator<DecodedItem> {
    for (const [i, kind] of [...pattern].entries()) {
      const id = String(i);
      if (kind === 'x') yield { status: 'failed', id, failure };
      else yield { status: 'ok', id, file: undefined, pixels: Uint8Array.of(i, i) };
    }
  }
  const options = (size: number, isIdle = false) => ({
    pool: new BufferPool(2, () => assert.fail('no memory')),
    size: () => size,
    isIdle: () => isIdle,
  });
  const collect = async (pattern: string, size: number) => {
    const batches = [];
    for await (const batch of groupBatches(decoded(pattern), options(size))) batches.push(batch);
    return batches;
  };

  it('fills batches with images, and keeps failures in order', async () => {
    const batches = await collect('oxooxxo', 2);
    assert.deepEqual(
      batches.map(({ items, pixels, count }) => [items.map(({ id }) => id).join(''), [...pixels], count]),
      [
        ['012', [0, 0, 2, 2], 2],
        ['3456', [3, 3, 6, 6], 2],
      ],
    );
  });

  it('ends with a smaller batch, or one of failures only', async () => {
    assert.deepEqual(
      (await collect('ooo', 2)).map(({ count, pixels }) => [count, pixels.length]),
      [
        [2, 4],
        [1, 2],
      ],
    );
    assert.deepEqual(
      (await collect('oox', 2)).map(({ count }) => count),
      [2, 0],
    );
    assert.deepEqual(await collect('', 2), []);
  });

  it('releases a partial batch only when the source is silent and nothing is in progress', async () => {
    let [idle, release] = [false, () => {}];
    const more = new Promise<void>((resolve) => {
      release = resolve;
    });
    async function* slow(): AsyncGenerator<DecodedItem> {
      yield* decoded('ox');
      await more;
      yield* decoded('ooo');
    }
    const batches = groupBatches(slow(), { ...options(4), isIdle: () => idle });
    const first = batches.next();
    const late = new Promise((resolve) => setTimeout(() => resolve('waits'), 100));
    assert.equal(await Promise.race([first, late]), 'waits');
    idle = true;
    const { value } = await first;
    assert.deepEqual([value.items.length, value.count], [2, 1]);
    release();
    const counts = [];
    for await (const { count } of batches) counts.push(count);
    assert.deepEqual(counts, [3]);
  });

  it('does not wait for a silent source when the consumer stops', async () => {
    async function* silent(): AsyncGenerator<DecodedItem> {
      yield* decoded('o');
      await new Promise(() => {});
    }
    const counts: number[] = [];
    for await (const { count } of groupBatches(silent(), options(4, true))) {
      counts.push(count);
      break;
    }
    assert.deepEqual(counts, [1]);
  });

  it('limits the number of failures in a batch', async () => {
    const batches = await collect('x'.repeat(1000), 2);
    assert.ok(batches.length >= 3 && batches.every(({ items }) => items.length <= 256));
  });
});
