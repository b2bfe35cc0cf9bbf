import assert from 'node:assert/strict';
import { DecoderTuner } from '../../src/stream/decoder-tuner.js';

interface Machine {
  readonly decode: (decoders: number) => number; // images/s that the decoders deliver
  readonly infer: number; // images/s that the session can process
  readonly busy?: boolean;
}

/** Runs batches of 8 images for `seconds`. @returns the number of decoders at the start and after each change */
function watch(tuner: DecoderTuner, seconds: number, { decode, infer, busy = true }: Machine): number[] {
  const counts = [tuner.count];
  for (let time = 0; time < seconds; ) {
    const ran = 8 / infer;
    const waited = Math.max(0, 8 / decode(tuner.count) - ran);
    time += ran + waited;
    tuner.ran({ images: 8, ran, waited, busy });
    if (tuner.count !== counts.at(-1)) counts.push(tuner.count);
  }
  return counts;
}

describe('DecoderTuner', () => {
  const upTo = (largest: number) => new DecoderTuner({ smallest: 2, largest });

  it('adds no decoders if the session does not wait', () => {
    assert.deepEqual(watch(upTo(17), 60, { decode: (n) => 200 * n, infer: 100 }), [2]);
  });

  it('adds decoders while the session waits for them', () => {
    assert.deepEqual(watch(upTo(17), 15, { decode: (n) => 200 * n, infer: 1500 }), [2, 4, 8]);
    assert.deepEqual(watch(upTo(6), 15, { decode: (n) => 200 * n, infer: 9000 }), [2, 4, 6]);
  });

  it('removes decoders that deliver no more images, and waits before it tries again', () => {
    const twoCores = (n: number) => 200 * Math.min(n, 4);
    assert.deepEqual(watch(upTo(17), 15, { decode: twoCores, infer: 9000 }), [2, 4, 8, 4]);
    const later = watch(upTo(17), 60, { decode: twoCores, infer: 9000 });
    assert.ok(later.length > 4 && later.length < 10, later.join());
  });

  it('adds no decoders if the source is slow', () => {
    assert.deepEqual(watch(upTo(17), 60, { decode: () => 10, infer: 1000, busy: false }), [2]);
  });

  it('keeps a given number', () => {
    const given = new DecoderTuner({ smallest: 3, largest: 3 });
    assert.deepEqual(watch(given, 60, { decode: (n) => 10 * n, infer: 1000 }), [3]);
  });

  it('uses the largest number if it is below the smallest', () => {
    assert.equal(new DecoderTuner({ smallest: 2, largest: 1 }).count, 1);
  });
});
