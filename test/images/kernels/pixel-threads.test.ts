import assert from 'node:assert/strict';
import { runInThread } from '../../../src/images/kernels/pixel-threads.js';
import type { Resampling } from '../../../src/images/kernels/resample.js';
import { resample } from '../../../src/images/kernels/resample.js';
import { texture } from '../support.js';

/** The task of halving a texture, which takes longer the wider it is. */
function halved(width: number, height: number): Resampling {
  return {
    source: texture(width, height),
    horizontal: { source: width, resized: width / 2, first: 0, count: width / 2, at: 0 },
    vertical: { source: height, resized: height / 2, first: 0, count: height / 2, at: 0 },
    interpolation: 'bicubic',
  };
}

describe('runInThread', () => {
  it('computes in parallel what the main thread would', async () => {
    const inputs = [halved(40, 20), halved(20, 40), halved(2, 2), halved(400, 300), halved(16, 4)];
    const outputs = await Promise.all(inputs.map((input) => runInThread('resample', input)));
    for (const [i, input] of inputs.entries()) assert.deepEqual(outputs[i], resample(input));
  });

  it('transfers buffers to the thread and returns its result', async () => {
    const input = halved(8, 8);
    const expected = resample(input);
    assert.deepEqual(await runInThread('resample', input, { transfer: [input.source.data] }), expected);
    assert.equal(input.source.data.byteLength, 0);
  });

  it('rejects with what a task throws, and continues', async () => {
    const absent = { ...halved(4, 4), source: { width: 4, height: 4, data: undefined as never } };
    await assert.rejects(runInThread('resample', absent), TypeError);
    await runInThread('resample', halved(4, 4));
  });

  it('rejects when its signal aborts, and continues', async () => {
    const stopped = new AbortController();
    const long = halved(8_000_000, 2);
    await runInThread('resample', halved(4, 4)); // starts a thread
    const start = performance.now();
    await runInThread('resample', long);
    const whole = performance.now() - start;
    const computing = runInThread('resample', long, { signal: stopped.signal });
    setTimeout(() => stopped.abort(new Error('given up')), whole / 4);
    await assert.rejects(computing, /given up/);
    await assert.rejects(runInThread('resample', long, { signal: stopped.signal }), /given up/);
    assert.deepEqual(await runInThread('resample', halved(6, 6)), resample(halved(6, 6)));
  });
});
