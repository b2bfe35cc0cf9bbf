import assert from 'node:assert/strict';
import { mapInOrder } from '../../src/async/map-in-order.js';

async function* numbers(count: number): AsyncGenerator<number> {
  for (let i = 0; i < count; i++) yield i;
}

const turns = async (count: number) => {
  for (let i = 0; i < count; i++) await new Promise(setImmediate);
};

describe('mapInOrder', () => {
  it('yields a finished result without waiting for the next item', async () => {
    let more = () => {};
    async function* slow(): AsyncGenerator<string> {
      yield 'first';
      await new Promise<void>((resolve) => {
        more = resolve;
      });
      yield 'second';
    }
    const results = mapInOrder(
      slow(),
      async (item) => item.toUpperCase(),
      () => 8,
    );
    assert.deepEqual(await results.next(), { value: 'FIRST', done: false });
    more();
    assert.deepEqual(await results.next(), { value: 'SECOND', done: false });
    assert.deepEqual(await results.next(), { value: undefined, done: true });
  });

  it('keeps the input order whatever finishes first, and never exceeds the concurrency limit', async () => {
    let underWay = 0;
    let most = 0;
    const work = async (i: number) => {
      most = Math.max(most, ++underWay);
      await turns(i % 3 === 0 ? 9 : 1);
      underWay--;
      return i;
    };
    const results: number[] = [];
    for await (const i of mapInOrder(numbers(30), work, () => 4)) results.push(i);
    assert.deepEqual(
      results,
      Array.from({ length: 30 }, (_, i) => i),
    );
    assert.equal(most, 4);
  });

  it("throws an item's error in order, after the results before it", async () => {
    const work = async (i: number) => {
      if (i === 2) throw new Error('third');
      await turns(20);
      return i;
    };
    const results: number[] = [];
    await assert.rejects(async () => {
      for await (const i of mapInOrder(numbers(10), work, () => 5)) results.push(i);
    }, /third/);
    assert.deepEqual(results, [0, 1]);
  });

  it('closes the source when the consumer stops, and waits for work in progress', async () => {
    let closed = false;
    let finished = 0;
    async function* source(): AsyncGenerator<number> {
      try {
        yield* numbers(100);
      } finally {
        closed = true;
      }
    }
    const work = async (i: number) => {
      await turns(5);
      finished++;
      return i;
    };
    for await (const i of mapInOrder(source(), work, () => 3)) if (i === 4) break;
    assert.ok(closed);
    assert.ok(finished >= 5 && finished <= 8, `${finished}`);
  });

  it('does not wait for a pending read when the consumer stops', async () => {
    async function* endless(): AsyncGenerator<number> {
      yield 1;
      await new Promise(() => {});
    }
    for await (const _ of mapInOrder(
      endless(),
      async (i) => i,
      () => 2,
    ))
      break;
  });
});
