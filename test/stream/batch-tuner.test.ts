import assert from 'node:assert/strict';
import { BatchTuner } from '../../src/stream/batch-tuner.js';

interface Machine {
  readonly seconds: (images: number, run: number) => number; // duration of a run
  readonly first?: number; // extra seconds for the first run of a size
}

const IN_FLIGHT = 2; // batches already queued when a run is measured

/** Runs batches as a pipeline does, until the tuner has settled. */
function settle(tuner: BatchTuner, { seconds, first = 0 }: Machine): { size: number; images: number } {
  const seen = new Set<number>();
  const queued: number[] = [];
  let images = 0;
  for (let run = 0; !tuner.settled; run++) {
    assert.ok(run < 10_000, 'it settles');
    queued.push(tuner.size);
    if (queued.length <= IN_FLIGHT) continue;
    const size = queued.shift() ?? 0;
    images += size;
    tuner.ran(size, seconds(size, run) + (seen.has(size) ? 0 : first));
    seen.add(size);
  }
  return { size: tuner.size, images };
}

const upTo = (largest: number) => new BatchTuner({ smallest: 1, largest });

// The times of a full-size network on two CPU cores, seconds per image.
const CPU: Readonly<Record<number, number>> = {
  1: 0.072,
  2: 0.067,
  4: 0.064,
  8: 0.0605,
  16: 0.06,
  32: 0.061,
};
const onCpu = (images: number) => images * (CPU[images] ?? 0.065);
const onGpu = (images: number) => 0.004 + 0.0008 * images;

describe('BatchTuner', () => {
  it('starts with one image, so the first result comes soon', () => {
    assert.equal(upTo(1024).size, 1);
  });

  it('chooses the smallest size that is about as fast as the best', () => {
    assert.equal(settle(upTo(1024), { seconds: onCpu }).size, 8);
    assert.equal(settle(upTo(1024), { seconds: (images) => images * 0.07 }).size, 1);
  });

  it('grows to hundreds of images if that is faster', () => {
    const { size } = settle(upTo(1024), { seconds: onGpu });
    assert.ok(size >= 128 && size <= 512, `${size}`);
  });

  it('settles within 3000 images when runs take about a millisecond', () => {
    const { size, images } = settle(upTo(1024), { seconds: (n) => 0.0001 + 0.001 * n });
    assert.ok(size >= 4 && size <= 16, `${size}`);
    assert.ok(images < 3000, `${images}`);
  });

  it('ignores the time of the first run of a size', () => {
    assert.equal(settle(upTo(1024), { seconds: onCpu, first: 5 }).size, 8);
  });

  it('tries sizes beyond one that is slower than its neighbours', () => {
    assert.equal(settle(upTo(1024), { seconds: (n) => onCpu(n) * (n === 2 ? 1.4 : 1) }).size, 8);
  });

  it('finds a good size despite other load on the machine', () => {
    for (let from = 0; from < 40; from++) {
      const busy = (run: number) => run >= from && run < from + 8;
      const { size } = settle(upTo(1024), { seconds: (n, run) => onCpu(n) * (busy(run) ? 5 : 1) });
      assert.ok((CPU[size] ?? 1) < 1.05 * 0.06, `busy from run ${from}: ${size}`);
    }
  });

  it('chooses no size above the largest, and none that does not fit', () => {
    assert.equal(settle(upTo(20), { seconds: onGpu }).size, 16);
    const asked: number[][] = [];
    const fits = (size: number, tried: number) => {
      asked.push([size, tried]);
      return size <= 4;
    };
    assert.equal(settle(new BatchTuner({ smallest: 1, largest: 64, fits }), { seconds: onGpu }).size, 4);
    assert.deepEqual(asked.slice(0, 3), [
      [2, 1],
      [4, 2],
      [8, 4],
    ]);
  });

  it('keeps a given size, whatever the times', () => {
    const tuner = new BatchTuner({ smallest: 100, largest: 100 });
    assert.ok(tuner.settled);
    for (let i = 0; i < 100; i++) tuner.ran(100, i);
    assert.equal(tuner.size, 100);
  });

  it('respects a limit set when memory runs out, while measuring and afterwards', () => {
    const tuner = upTo(1024);
    while (tuner.size < 32) tuner.ran(tuner.size, onGpu(tuner.size));
    tuner.limit(16);
    assert.equal(tuner.largest, 16);
    assert.equal(settle(tuner, { seconds: onGpu }).size, 16);
    tuner.limit(8);
    assert.equal(tuner.size, 8);

    const given = new BatchTuner({ smallest: 100, largest: 100 });
    given.limit(50);
    assert.deepEqual([given.size, given.largest, given.settled], [50, 50, true]);
  });
});
