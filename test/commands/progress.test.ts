import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import type { WriteStream } from 'node:tty';
import type { JobProgress } from '../../commands/report/job-progress.js';
import { ProgressTally } from '../../commands/report/job-progress.js';
import { PlainLines } from '../../commands/report/plain-lines.js';
import { duration, logLine, progressLine } from '../../commands/report/progress-line.js';
import { StandardError } from '../../commands/report/standard-error.js';
import { summaryText } from '../../commands/report/summary.js';
import type { JobEvent } from '../../src/job/events.js';
import type { JobSummary } from '../../src/job/options.js';

describe('progress', () => {
  it('shows count, rate and, if the total is known, the time left', () => {
    assert.equal(progressLine(progress({ rows: 1, imagesPerSecond: 2 })), '1 image, 2.0/s');
    const known = progress({ rows: 50, total: 200, imagesPerSecond: 5, secondsLeft: 30 });
    assert.equal(progressLine(known), '50 of 200 images, 5.0/s, 30s left');
    assert.equal(progressLine({ ...known, failed: 3 }), '50 of 200 images, 5.0/s, 30s left, 3 failed');
    assert.equal(
      progressLine(progress({ rows: 1920, failed: 1000, total: 5000, imagesPerSecond: 77, secondsLeft: 40 })),
      '1,920 of 5,000 images, 77.0/s, 40s left, 1,000 failed',
    );
  });

  it('says in a log when it was, and what bounds the run', () => {
    const now = progress({ rows: 7, imagesPerSecond: 0.5, secondsElapsed: 70, boundBy: 'decoding' });
    assert.equal(logLine(now), '1m10s: 7 images, 0.5/s; bound by decoding');
  });

  it('shortens durations', () => {
    assert.deepEqual([0.4, 5, 184, 3720, 360_000].map(duration), ['0s', '5s', '3m04s', '1h02m', '100h00m']);
  });
});

/** Returns a progress of nothing but this. */
const progress = (known: Partial<JobProgress>): JobProgress => ({
  rows: 0,
  computed: 0,
  failed: 0,
  failures: {},
  failedNow: {},
  total: undefined,
  imagesPerSecond: 0,
  meanImagesPerSecond: 0,
  secondsElapsed: 0,
  secondsLeft: undefined,
  bytes: undefined,
  boundBy: undefined,
  stages: undefined,
  ...known,
});

describe('the progress of a job', () => {
  const NOTHING = { inference: 0, decoding: 0, fetching: 0, listing: 0, writing: 0 };
  const opened = {} as Extract<JobEvent, { kind: 'started' }>['opened'];

  it('counts rows, failures and bytes, and finds the rate of the last minute and the time left', () => {
    let now = 0;
    const tally = new ProgressTally(() => now);
    tally.report({ kind: 'started', opened, counts: { rows: 10, failures: { not_found: 1 } } });
    tally.report({ kind: 'counted', total: 400 });
    const images = (count: number, options: { failure?: 'decode_failed'; stored?: boolean } = {}) => {
      for (let i = 0; i < count; i++)
        tally.report({ kind: 'row', failure: options.failure, stored: options.stored ?? false });
    };
    images(5, { stored: true });
    for (let second = 1; second <= 100; second++) {
      now = second * 1000;
      images(second <= 40 ? 4 : 1);
      const decoding = second / 10;
      tally.report({
        kind: 'pulse',
        measured: { stages: { ...NOTHING, inference: second - decoding, decoding }, bytes: second * 100 },
      });
    }
    images(2, { failure: 'decode_failed' });
    const { rows, computed, failed, failures, failedNow, bytes, secondsElapsed } = tally.progress;
    assert.deepEqual([rows, computed, failed], [10 + 5 + 220 + 2, 222, 3]);
    assert.deepEqual([failures, failedNow], [{ not_found: 1, decode_failed: 2 }, { decode_failed: 2 }]);
    assert.deepEqual([bytes, secondsElapsed], [10_000, 100]);
    const { imagesPerSecond, meanImagesPerSecond, secondsLeft, boundBy } = tally.progress;
    assert.ok(Math.abs(imagesPerSecond - 62 / 60) < 1e-9, `${imagesPerSecond}`);
    assert.ok(Math.abs(meanImagesPerSecond - 2.22) < 1e-9);
    assert.ok(Math.abs((secondsLeft ?? 0) - (400 - rows) / imagesPerSecond) < 1e-9);
    assert.equal(boundBy, 'inference');
  });
});

describe('plain progress', () => {
  it('is a line every few seconds, and none before the first of these', () => {
    const stream = Object.assign(new PassThrough(), { isTTY: false });
    let now = 0;
    const lines = new PlainLines(new StandardError(stream as unknown as WriteStream), {
      everySeconds: 10,
      now: () => now,
    });
    for (now = 0; now <= 25_000; now += 500) lines.show(() => `at ${now / 1000}`);
    assert.equal(String(stream.read() ?? ''), 'at 10\nat 20\n');
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
      summaryText({ ...nothing, rows: 16, done: 16, failures, seconds: 2 }, ['out.csv']),
      '16 images in 2.0 s (8.0/s), 3 failed (not_found 1, decode_failed 2), written to out.csv',
    );
    assert.equal(
      summaryText({ ...nothing, rows: 1, done: 1, seconds: 0.5 }, ['-']),
      '1 image in 0.5 s (2.0/s)',
    );
    const measured = { batchSize: 4, decoders: 1 };
    assert.equal(
      summaryText({ ...nothing, rows: 10, done: 10, seconds: 1, measured }, ['-']),
      '10 images in 1.0 s (10.0/s), tuned to batches of 4 and 1 decoder',
    );
    assert.equal(summaryText(nothing, ['-']), 'no images');
    assert.equal(
      summaryText({ ...nothing, rows: 1, done: 1, seconds: 1, skipped: { '.mov': 3, '': 1 } }, ['-']),
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
    assert.deepEqual(summaryText(summary, ['a/x.npy'], files).split('\n'), [
      line,
      '  a/x.npy            embeddings, one row per image',
      String.raw`  a/x.index\x1b.csv  path and error of each row`,
      'skipped 1 file without a supported image extension: 1 .mov',
    ]);
    assert.deepEqual(summaryText(summary, ['a/x.npy'], files.slice(0, 1)).split('\n'), [
      line,
      'skipped 1 file without a supported image extension: 1 .mov',
    ]);
  });

  it('distinguishes computed rows from existing ones', () => {
    assert.equal(
      summaryText({ ...nothing, rows: 16, done: 6, seconds: 2 }, ['out.csv']),
      '6 images in 2.0 s (3.0/s), 16 rows in all, written to out.csv',
    );
    assert.equal(
      summaryText({ ...nothing, rows: 16, done: 16, stored: 12, failures: { timeout: 1 }, seconds: 2 }, [
        'out.csv',
      ]),
      '4 images in 2.0 s (2.0/s), 16 rows in all, 1 failed (timeout 1), written to out.csv',
    );
    assert.equal(
      summaryText({ ...nothing, rows: 16, failures: { timeout: 2 } }, ['out.csv']),
      'nothing left to do: 16 images in out.csv, 2 failed (timeout 2)',
    );
    assert.equal(
      summaryText({ ...nothing, rows: 2000, done: 2000, stored: 2000, seconds: 2 }, ['out.csv']),
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
      summaryText({ ...retry, succeeded: 2, failures: { truncated: 3, timeout: 1 } }, ['out.csv']),
      'retried 6 images in 2.0 s (3.0/s), 2 succeeded, 23 rows in all, 4 still failed (truncated 3, timeout 1), written to out.csv',
    );
    assert.equal(
      summaryText({ ...retry, done: 0, stored: 0 }, ['out.csv']),
      'no failed rows to retry: all 23 images of out.csv have results',
    );
    assert.equal(
      summaryText({ ...retry, rows: 1, done: 0, stored: 0 }, ['out.csv']),
      'no failed rows to retry: the only image of out.csv has a result',
    );
  });
});
