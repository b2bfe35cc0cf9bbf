import assert from 'node:assert/strict';
import { duration, progressLine } from '../../commands/shared/progress.js';
import { summaryLine } from '../../commands/shared/summary.js';

describe('progress', () => {
  it('says count, rate and, where the total is known, the time left', () => {
    assert.equal(progressLine(1, 0, undefined, 0.5), '1 image, 2.0/s');
    assert.equal(progressLine(50, 0, 200, 10), '50 of 200 images, 5.0/s, 30s left');
    assert.equal(progressLine(50, 3, 200, 10), '50 of 200 images, 5.0/s, 30s left, 3 failed');
  });

  it('shortens durations', () => {
    assert.deepEqual([0.4, 5, 184, 3720, 360_000].map(duration), ['0s', '5s', '3m04s', '1h02m', '100h00m']);
  });
});

describe('the summary', () => {
  it('counts images and failures by code, and says where the rows are', () => {
    const summary = { images: 16, failures: { not_found: 1, decode_failed: 2 }, seconds: 2 };
    assert.equal(
      summaryLine(summary, 'out.csv'),
      '16 images in 2.0 s (8.0/s), 3 failed (not_found 1, decode_failed 2), written to out.csv',
    );
    assert.equal(summaryLine({ images: 1, failures: {}, seconds: 0.5 }, '-'), '1 image in 0.5 s (2.0/s)');
    assert.equal(
      summaryLine({ images: 10, failures: {}, seconds: 1, measured: { batchSize: 4, decoders: 1 } }, '-'),
      '10 images in 1.0 s (10.0/s), batch 4 and 1 decoder by measurement',
    );
    assert.match(summaryLine({ images: 0, failures: {}, seconds: 0 }, '-'), /^no images found/);
  });
});
