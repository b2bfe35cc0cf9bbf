import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import { ByteRoom } from '../../src/stream/byte-room.js';

describe('ByteRoom', () => {
  /** Takes room, and tells whether it has been given. */
  function taking(room: ByteRoom, order: number, bytes: number) {
    const state = { given: false };
    const done = room.take(order, bytes).then(() => {
      state.given = true;
    });
    done.catch(() => {});
    return { state, done };
  }

  it('lets those in that fit, and the others once there is room', async () => {
    const room = new ByteRoom(100);
    const [a, b, c] = [room.enter(), room.enter(), room.enter()];
    await room.take(a, 60);
    await room.take(b, 40);
    const waiting = taking(room, c, 50);
    await setImmediate();
    assert.equal(waiting.state.given, false);
    room.leave(a);
    await waiting.done;
  });

  it('always lets the first one in, so that none waits for ever', async () => {
    const room = new ByteRoom(100);
    const [a, b] = [room.enter(), room.enter()];
    await room.take(b, 100);
    await room.take(a, 500);
    const waiting = taking(room, b, 1);
    await setImmediate();
    assert.equal(waiting.state.given, false);
    room.leave(a); // now the other is the first
    await waiting.done;
  });

  it('gives room in the order of the items', async () => {
    const room = new ByteRoom(100);
    const [a, b, c] = [room.enter(), room.enter(), room.enter()];
    await room.take(a, 100);
    const [late, early] = [taking(room, c, 80), taking(room, b, 80)];
    room.leave(a);
    await early.done;
    assert.equal(late.state.given, false);
    room.leave(b);
    await late.done;
  });

  it('fails those who wait once it is closed', async () => {
    const room = new ByteRoom(100);
    const [a, b] = [room.enter(), room.enter()];
    await room.take(a, 100);
    const waiting = taking(room, b, 80);
    room.close(new Error('closed'));
    await assert.rejects(waiting.done, /closed/);
    await assert.rejects(room.take(b, 1), /closed/);
  });
});
