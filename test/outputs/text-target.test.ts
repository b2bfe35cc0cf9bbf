import assert from 'node:assert/strict';
import type { ByteChannel } from '../../src/files/byte-channel.js';
import { TextTarget } from '../../src/outputs/text-target.js';

/** A channel in memory; with `hold`, its writes wait for `release`. */
function channel({ live = true, fail = false } = {}) {
  const pieces: string[] = [];
  const waiting: (() => void)[] = [];
  const state = {
    pieces,
    hold: false,
    aborted: false,
    release: () => {
      for (const go of waiting.splice(0)) go();
    },
  };
  const bytes: ByteChannel = {
    live,
    async write(piece) {
      if (fail) throw new Error('refused');
      pieces.push(Buffer.from(piece).toString());
      if (state.hold) await new Promise<void>((resolve) => waiting.push(resolve));
    },
    commit: async () => {},
    abort: async () => {
      state.aborted = true;
    },
  };
  const target = new TextTarget(bytes);
  return { state, target, write: (text: string) => target.write(Buffer.from(text)) };
}

const turn = () => new Promise(setImmediate);

describe('TextTarget', () => {
  it('sends all rows of one turn of the event loop together to a live channel', async () => {
    const { state, target, write } = channel();
    for (const row of ['a\n', 'b\n', 'c\n']) await write(row);
    assert.deepEqual(state.pieces, []);
    await turn();
    assert.deepEqual(state.pieces, ['a\nb\nc\n']);
    await write('d\n');
    await turn();
    assert.deepEqual(state.pieces, ['a\nb\nc\n', 'd\n']);
    await target.commit();
  });

  it('buffers 64 KiB for a file', async () => {
    const { state, target, write } = channel({ live: false });
    const row = `${'x'.repeat(1023)}\n`;
    for (let i = 0; i < 65; i += 1) await write(row);
    await turn();
    assert.deepEqual(
      state.pieces.map((piece) => piece.length),
      [64 * 1024],
    );
    await target.commit();
    assert.equal(state.pieces.join('').length, 65 * 1024);
  });

  it('blocks the writer while the reader of a pipe is slow', async () => {
    const { state, target, write } = channel();
    state.hold = true;
    const row = 'x'.repeat(16 * 1024);
    let written = 0;
    const writing = (async () => {
      for (; written < 100; written += 1) await write(row);
    })();
    for (let i = 0; i < 20; i += 1) await turn();
    assert.ok(written < 10, `${written} rows were taken`);
    state.hold = false;
    state.release();
    await writing;
    await target.commit();
    assert.equal(state.pieces.join(''), row.repeat(100));
  });

  it('throws a failure between writes at the next write', async () => {
    const { target, write } = channel({ fail: true });
    await write('a\n');
    await turn();
    await assert.rejects(write('b\n'), /refused/);
    await target.abort();
  });

  it('throws a failure between writes at commit', async () => {
    const { target, write } = channel({ fail: true });
    await write('a\n');
    await turn();
    await assert.rejects(target.commit(), /refused/);
    await target.abort();
  });

  it('sends nothing after abort', async () => {
    const { state, target, write } = channel();
    await write('a\n');
    await target.abort();
    await turn();
    assert.deepEqual([state.pieces, state.aborted], [[], true]);
  });
});
