import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { PixelRoom } from '../../src/images/pixel-room.js';

describe('PixelRoom', () => {
  /** Starts work of these sizes. Returns which have been admitted, and a function to end one. */
  function working(room: PixelRoom, sizes: readonly number[]) {
    const begun: number[] = [];
    const ends: (() => void)[] = [];
    const all = sizes.map((bytes, i) =>
      room.hold(bytes, () => {
        begun.push(i);
        return new Promise<void>((end) => {
          ends[i] = end;
        });
      }),
    );
    const end = async (i: number) => {
      ends[i]?.();
      await all[i];
      await turn();
    };
    return { begun, end };
  }

  it('admits work that fits, and the rest in order as memory becomes free', async () => {
    const { begun, end } = working(new PixelRoom(100), [60, 40, 50, 10, 40]);
    await turn();
    assert.deepEqual(begun, [0, 1]);
    await end(1); // 60 taken: 50 does not fit, and 10 waits behind it
    assert.deepEqual(begun, [0, 1]);
    await end(0);
    assert.deepEqual(begun, [0, 1, 2, 3, 4]);
  });

  it('runs work larger than the whole budget alone', async () => {
    const { begun, end } = working(new PixelRoom(100), [10, 1000, 10]);
    await turn();
    assert.deepEqual(begun, [0]);
    await end(0);
    assert.deepEqual(begun, [0, 1]);
    await end(1);
    assert.deepEqual(begun, [0, 1, 2]);
  });

  it('frees the memory of work that fails', async () => {
    const room = new PixelRoom(100);
    await assert.rejects(
      room.hold(100, () => Promise.reject(new Error('damaged'))),
      /damaged/,
    );
    assert.equal(await room.hold(100, async () => 'done'), 'done');
  });
});
