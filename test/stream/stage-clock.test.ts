import assert from 'node:assert/strict';
import { boundStage, StageClock } from '../../src/stream/stage-clock.js';

const NOTHING = { inference: 0, decoding: 0, fetching: 0, listing: 0, writing: 0 };

describe('StageClock', () => {
  it('attributes each moment to the stage that the run waits for', () => {
    let now = 0;
    const clock = new StageClock(() => now);
    const pass = (seconds: number) => {
      now += 1000 * seconds;
    };
    pass(100); // until the first batch, nothing counts
    clock.begin('inference');
    clock.begin('writing');
    clock.begin('reading');
    pass(10); // the session has a batch
    clock.end('inference');
    pass(2); // the sink takes rows
    clock.end('writing');
    pass(3); // the next input is waited for
    clock.begin('fetching');
    pass(4); // which a server has
    clock.end('reading');
    pass(5); // an input is decoded while others are fetched
    clock.end('fetching');
    pass(1); // nothing is active: the decoders are waited for
    assert.deepEqual(clock.seconds, { inference: 10, decoding: 6, fetching: 4, listing: 3, writing: 2 });
    clock.stop();
    pass(100);
    assert.equal(clock.seconds.decoding, 6);
  });

  it('ends an activity that fails', async () => {
    let now = 0;
    const clock = new StageClock(() => now);
    await clock.during('inference', async () => {});
    await assert.rejects(clock.during('writing', () => Promise.reject(new Error('full'))));
    now = 1000;
    assert.equal(clock.seconds.decoding, 1);
  });
});

describe('the stage that bounds a run', () => {
  it('is inference while the session is nearly always busy, otherwise the one waited for most', () => {
    assert.equal(boundStage(NOTHING), undefined);
    assert.equal(boundStage({ ...NOTHING, inference: 9.1, decoding: 0.9 }), 'inference');
    assert.equal(boundStage({ ...NOTHING, inference: 8, decoding: 1.5, writing: 0.5 }), 'decoding');
    assert.equal(boundStage({ ...NOTHING, inference: 5, writing: 3, decoding: 2 }), 'writing');
    assert.equal(boundStage({ ...NOTHING, fetching: 1 }), 'fetching');
  });
});
