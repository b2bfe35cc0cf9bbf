import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import type { WriteStream } from 'node:tty';
import { type ProgressKind, reporterFor } from '../../commands/report/choose-reporter.js';
import { PlainLines } from '../../commands/report/plain-lines.js';
import type { ReportedJob } from '../../commands/report/reporter.js';
import { StandardError } from '../../commands/report/standard-error.js';
import { TextReporter } from '../../commands/report/text-reporter.js';
import type { JobEvent } from '../../src/job/events.js';

const JOB: ReportedJob = {
  command: 'classify',
  model: 'demo',
  outputs: ['x.csv'],
  quiet: false,
  lists: false,
  typed: false,
  calibration: undefined,
};

const EVENTS: readonly JobEvent[] = [
  { kind: 'download', progress: { file: 'a.bin', received: 1e6, total: 3e6 } },
  { kind: 'measuring' },
  { kind: 'note', text: 'x.csv: continuing after 3 rows' },
  { kind: 'counted', total: 2 },
  { kind: 'row', failure: undefined, stored: false },
  { kind: 'finishing' },
  { kind: 'stopped', rows: 3 },
];

/** What a reporter prints about a job, on a terminal or elsewhere. */
async function saidOf(job: ReportedJob, events: readonly JobEvent[], kind: ProgressKind = 'none') {
  const stream = Object.assign(new PassThrough(), { isTTY: kind === 'bar', columns: 80 });
  const reporter = reporterFor(kind, new StandardError(stream as unknown as WriteStream), job);
  reporter.loading();
  for (const event of events) reporter.report(event);
  const { tellsTotal } = reporter;
  let looks = 0;
  await reporter.done(
    {
      rows: 2,
      done: 2,
      stored: 0,
      succeeded: 2,
      retries: false,
      failures: {},
      seconds: 1,
      skipped: {},
      sources: {},
    },
    0,
    async () => {
      looks++;
      return [];
    },
  );
  reporter.clear();
  return { text: String(stream.read() ?? ''), tellsTotal, looks };
}

describe('a reporter', () => {
  it('prints only lasting messages, one per line, without a terminal', async () => {
    assert.deepEqual(await saidOf(JOB, EVENTS), {
      text: 'downloading a.bin (3.0 MB)\nx.csv: continuing after 3 rows\n2 images in 1.0 s (2.0/s), written to x.csv\n',
      tellsTotal: false,
      looks: 1,
    });
  });

  it('draws a line on a terminal, and asks for the number of inputs', async () => {
    const { text, tellsTotal } = await saidOf(JOB, EVENTS, 'bar');
    assert.ok(text.startsWith('\r\u001b[Kloading demo'), JSON.stringify(text));
    assert.ok(text.endsWith('2 images in 1.0 s (2.0/s), written to x.csv\n'), JSON.stringify(text));
    assert.ok(tellsTotal);
  });

  it('begins a log with what and when, once there is a first line of progress', async () => {
    const stream = Object.assign(new PassThrough(), { isTTY: false });
    const output = new StandardError(stream as unknown as WriteStream);
    const reporter = new TextReporter(output, JOB, new PlainLines(output, { everySeconds: 0 }));
    reporter.loading();
    reporter.report({ kind: 'pulse', measured: undefined });
    const device = { name: 'cpu' } as const;
    const opened = { device, chosen: false, skipped: [], session: { mixed: false } } as unknown as Extract<
      JobEvent,
      { kind: 'started' }
    >['opened'];
    reporter.report({ kind: 'started', opened, counts: { rows: 0, failures: {} } });
    reporter.report({ kind: 'row', failure: undefined, stored: false });
    reporter.report({ kind: 'row', failure: 'not_found', stored: false });
    const [start, ...lines] = String(stream.read() ?? '')
      .trimEnd()
      .split('\n');
    assert.match(start ?? '', /^started \d{4}-\d\d-\d\dT\S+Z: classify with demo, to x\.csv$/);
    assert.deepEqual(
      lines.map((line) => line.replace(/[\d.]+\/s/, 'N/s')),
      ['device: cpu', '0s: 1 image, N/s', '0s: 2 images, N/s, 1 failed'],
    );
  });

  it('prints nothing when quiet, and does not look up the files', async () => {
    assert.deepEqual(await saidOf({ ...JOB, quiet: true, lists: true, typed: true }, EVENTS), {
      text: '',
      tellsTotal: false,
      looks: 0,
    });
  });

  it('prints JSON lines and nothing else for programs', async () => {
    const { text, tellsTotal } = await saidOf({ ...JOB, lists: true }, EVENTS, 'json');
    const events = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.deepEqual(
      events.map(({ event }) => event),
      ['loading', 'download', 'calibrating', 'note', 'finishing', 'stopped', 'done'].filter((name) =>
        events.some(({ event }) => event === name),
      ),
    );
    assert.ok(events.every(({ time }) => new Date(time).toISOString() === time));
    const done = events.at(-1);
    assert.deepEqual([done.event, done.rows, done.exitCode], ['done', 2, 0]);
    assert.ok(tellsTotal);
  });

  it('explains why int8 reads the paths of a list first, unless --calibration is given', async () => {
    const measuring = async (job: Partial<ReportedJob>) =>
      (await saidOf({ ...JOB, ...job }, [{ kind: 'measuring' }])).text;
    assert.match(
      await measuring({ lists: true }),
      /^int8: reading paths to calibrate the model on; --calibration/,
    );
    assert.doesNotMatch(await measuring({ lists: true, calibration: 'few' }), /int8/);
    assert.doesNotMatch(await measuring({}), /int8/);
  });
});
