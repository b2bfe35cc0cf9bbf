import assert from 'node:assert/strict';
import { duration, progressLine } from '../../commands/report/progress.js';
import { summaryText } from '../../commands/report/summary.js';
import type { JobSummary } from '../../src/job/options.js';

describe('progress', () => {
  it('shows count, rate and, if the total is known, the time left', () => {
    assert.equal(progressLine(1, 0, undefined, 2), '1 image, 2.0/s');
    assert.equal(progressLine(50, 0, 200, 5), '50 of 200 images, 5.0/s, 30s left');
    assert.equal(progressLine(50, 3, 200, 5), '50 of 200 images, 5.0/s, 30s left, 3 failed');
    assert.equal(progressLine(1920, 1000, 5000, 77), '1,920 of 5,000 images, 77.0/s, 40s left, 1,000 failed');
  });

  it('shortens durations', () => {
    assert.deepEqual([0.4, 5, 184, 3720, 360_000].map(duration), ['0s', '5s', '3m04s', '1h02m', '100h00m']);
  });
});

const nothing: JobSummary = {
  rows: 0,
  done: 0,
  stored: 0,
  succeeded: 0,
  retries: false,
  failures: {},
  seconds: 0,
  skipped: {},
  sources: {},
};

describe('the summary', () => {
  it('counts images and failures by code, and names the output', () => {
    const failures = { not_found: 1, decode_failed: 2 };
    assert.equal(
      summaryText({ ...nothing, rows: 16, done: 16, failures, seconds: 2 }, 'out.csv'),
      '16 images in 2.0 s (8.0/s), 3 failed (not_found 1, decode_failed 2), written to out.csv',
    );
    assert.equal(
      summaryText({ ...nothing, rows: 1, done: 1, seconds: 0.5 }, '-'),
      '1 image in 0.5 s (2.0/s)',
    );
    const measured = { batchSize: 4, decoders: 1 };
    assert.equal(
      summaryText({ ...nothing, rows: 10, done: 10, seconds: 1, measured }, '-'),
      '10 images in 1.0 s (10.0/s), tuned to batches of 4 and 1 decoder',
    );
    assert.equal(summaryText(nothing, '-'), 'no images');
    assert.equal(
      summaryText({ ...nothing, rows: 1, done: 1, seconds: 1, skipped: { '.mov': 3, '': 1 } }, '-'),
      '1 image in 1.0 s (1.0/s)\nskipped 4 files without a supported image extension: 3 .mov, 1 without any',
    );
  });

  it('names the written files and their purposes if there are several', () => {
    const summary = { ...nothing, rows: 1, done: 1, seconds: 1, skipped: { '.mov': 1 } };
    const line = '1 image in 1.0 s (1.0/s), written to a/x.npy';
    const files = [
      { path: 'a/x.npy', purpose: 'embeddings, one row per image' },
      { path: 'a/x.index\u001b.csv', purpose: 'path and error of each row' },
    ];
    assert.deepEqual(summaryText(summary, 'a/x.npy', files).split('\n'), [
      line,
      '  a/x.npy            embeddings, one row per image',
      String.raw`  a/x.index\x1b.csv  path and error of each row`,
      'skipped 1 file without a supported image extension: 1 .mov',
    ]);
    assert.deepEqual(summaryText(summary, 'a/x.npy', files.slice(0, 1)).split('\n'), [
      line,
      'skipped 1 file without a supported image extension: 1 .mov',
    ]);
  });

  it('distinguishes computed rows from existing ones', () => {
    assert.equal(
      summaryText({ ...nothing, rows: 16, done: 6, seconds: 2 }, 'out.csv'),
      '6 images in 2.0 s (3.0/s), 16 rows in all, written to out.csv',
    );
    assert.equal(
      summaryText(
        { ...nothing, rows: 16, done: 16, stored: 12, failures: { timeout: 1 }, seconds: 2 },
        'out.csv',
      ),
      '4 images in 2.0 s (2.0/s), 16 rows in all, 1 failed (timeout 1), written to out.csv',
    );
    assert.equal(
      summaryText({ ...nothing, rows: 16, failures: { timeout: 2 } }, 'out.csv'),
      'nothing left to do: 16 images in out.csv, 2 failed (timeout 2)',
    );
    assert.equal(
      summaryText({ ...nothing, rows: 2000, done: 2000, stored: 2000, seconds: 2 }, 'out.csv'),
      'no images to compute, 2,000 rows in all, written to out.csv',
    );
  });

  it('says what a retry tried and achieved, and nothing about the folders of its run', () => {
    const retry = {
      ...nothing,
      retries: true,
      rows: 23,
      done: 23,
      stored: 17,
      seconds: 2,
      skipped: { '.mov': 1 },
    };
    assert.equal(
      summaryText({ ...retry, succeeded: 2, failures: { truncated: 3, timeout: 1 } }, 'out.csv'),
      'retried 6 images in 2.0 s (3.0/s), 2 succeeded, 23 rows in all, 4 still failed (truncated 3, timeout 1), written to out.csv',
    );
    assert.equal(
      summaryText({ ...retry, done: 0, stored: 0 }, 'out.csv'),
      'no failed rows to retry: all 23 images of out.csv have results',
    );
    assert.equal(
      summaryText({ ...retry, rows: 1, done: 0, stored: 0 }, 'out.csv'),
      'no failed rows to retry: the only image of out.csv has a result',
    );
  });
});
