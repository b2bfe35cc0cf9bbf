import assert from 'node:assert/strict';
import { peekable } from '../../src/async/peek.js';

/** A source of numbers from 0 that records what is read and whether it is closed. */
function counted(count: number) {
  const read: number[] = [];
  const state = { closed: false };
  async function* numbers() {
    try {
      for (let i = 0; i < count; i++) {
        read.push(i);
        yield i;
      }
    } finally {
      state.closed = true;
    }
  }
  return { source: numbers(), read, state };
}

const all = async (items: AsyncIterable<number>) => {
  const found: number[] = [];
  for await (const item of items) found.push(item);
  return found;
};

describe('peekable', () => {
  it('yields peeked items again, in order, and reads nothing twice', async () => {
    const { source, read } = counted(6);
    const { peek, items } = peekable(source);
    assert.deepEqual(await peek(2), [0, 1]);
    assert.deepEqual(await peek(4), [0, 1, 2, 3]);
    assert.deepEqual(await peek(1), [0]);
    assert.deepEqual(read, [0, 1, 2, 3]);
    assert.deepEqual(await all(items), [0, 1, 2, 3, 4, 5]);
    assert.deepEqual(read, [0, 1, 2, 3, 4, 5]);
  });

  it('reads nothing until asked', async () => {
    const { source, read } = counted(3);
    const { items } = peekable(source);
    assert.deepEqual(read, []);
    assert.deepEqual(await all(items), [0, 1, 2]);
  });

  it('peeks at a short source in full, and yields each item once', async () => {
    const { source } = counted(3);
    const { peek, items } = peekable(source);
    assert.deepEqual(await peek(10), [0, 1, 2]);
    assert.deepEqual(await all(items), [0, 1, 2]);
  });

  it('returns early from a stalled source once it has enough, and loses no item', async () => {
    let speak = () => {};
    const silence = new Promise<void>((resolve) => {
      speak = resolve;
    });
    async function* halting() {
      yield* [0, 1, 2];
      await silence;
      yield* [3, 4];
    }
    const { peek, items } = peekable(halting());
    assert.deepEqual(await peek(10, 2), [0, 1, 2]);
    speak();
    assert.deepEqual(await all(items), [0, 1, 2, 3, 4]);
  });

  it('does not wait for a stalled source when the consumer stops', async () => {
    async function* silent() {
      yield 0;
      await new Promise(() => {});
    }
    const { peek, items } = peekable(silent());
    assert.deepEqual(await peek(2, 1), [0]);
    const taken: number[] = [];
    for await (const item of items) {
      taken.push(item);
      break;
    }
    assert.deepEqual(taken, [0]);
  });

  it('closes the source when the consumer stops, within the peeked items or after them', async () => {
    for (const stop of [1, 4]) {
      const { source, state } = counted(9);
      const { peek, items } = peekable(source);
      await peek(3);
      const taken: number[] = [];
      for await (const item of items) if (taken.push(item) > stop) break;
      assert.equal(taken.at(-1), stop);
      assert.ok(state.closed, `stopped at ${stop}`);
    }
  });
});
