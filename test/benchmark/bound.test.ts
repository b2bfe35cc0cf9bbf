import assert from 'node:assert/strict';
import { boundOf } from '../../src/benchmark/bound.js';

// On two cores, a session of two threads that does 20 images/s spends 0.1 core-seconds per image.
const stages = { session: 20, threads: 2, cores: 2, decode: 400, decodeSeconds: 0.005 };
const near = (actual: number, expected: number) => assert.ok(Math.abs(actual - expected) < 1e-9, `${actual}`);

describe('boundOf', () => {
  it('divides the cores between the stages, and names the one that does most of the work', () => {
    const small = boundOf({ ...stages, pipeline: 18.5 });
    near(small.limit, 2 / 0.105);
    near(small.inference, 0.1 / 0.105);
    assert.equal(small.stage, 'inference');

    const large = boundOf({ ...stages, decode: 6, decodeSeconds: 0.3, pipeline: 4.9 });
    near(large.limit, 2 / 0.4);
    assert.equal(large.stage, 'decoding');
  });

  it('counts no more threads than there are cores', () => {
    assert.deepEqual(
      boundOf({ ...stages, threads: 8, pipeline: 18.5 }),
      boundOf({ ...stages, pipeline: 18.5 }),
    );
  });

  it('never sets the limit above the rate of a stage alone', () => {
    const spare = { ...stages, cores: 64 };
    assert.equal(boundOf({ ...spare, pipeline: 20 }).limit, 20);
    assert.equal(boundOf({ ...spare, decode: 15, pipeline: 15 }).limit, 15);
  });

  it('takes the slower stage as the bound when a GPU runs inference', () => {
    const gpu = { ...stages, threads: 0, session: 3000, decode: 400, decodeSeconds: 0.005 };
    const bound = boundOf({ ...gpu, pipeline: 390 });
    assert.deepEqual([bound.limit, bound.stage], [400, 'decoding']);
    assert.equal(boundOf({ ...gpu, session: 100, pipeline: 99 }).stage, 'inference');
  });

  it('names neither stage when the two do not explain the rate', () => {
    assert.equal(boundOf({ ...stages, pipeline: 12 }).stage, 'neither');
  });
});
