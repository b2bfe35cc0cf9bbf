import assert from 'node:assert/strict';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { halonet } from '../support/cli.js';

const DEMO = ['--model', 'demo', '--device', 'cpu', '--threads', '1'];

/** The samples of a Prometheus text file, by name and labels, and the types of its metrics. */
function parsedMetrics(text: string) {
  const samples = new Map<string, number>();
  const types = new Map<string, string>();
  for (const line of text.trimEnd().split('\n')) {
    const [, name = '', type = ''] = /^# TYPE (\S+) (counter|gauge)$/.exec(line) ?? [];
    if (name !== '') types.set(name, type);
    if (line.startsWith('#')) continue;
    const [, sample = '', value = ''] =
      /^([a-z_]+(?:\{(?:[a-z_]+="(?:[^"\\\n]|\\.)*",?)*\})?) (\S+)$/.exec(line) ?? [];
    assert.notEqual(sample, '', line);
    assert.ok(Number.isFinite(Number(value)), line);
    samples.set(sample, Number(value));
    const metric = sample.replace(/\{.*/, '');
    assert.ok(types.has(metric), `${metric} has a type before its samples`);
  }
  return { samples, types };
}

describe('watching a run', () => {
  let folder = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'halonet-watching-'));
    await cp('fixtures/images/shapes', join(folder, 'photos'), { recursive: true });
    await writeFile(join(folder, 'photos', 'broken.jpg'), 'no image');
  });
  after(() => rm(folder, { recursive: true }));
  const place = (name: string) => join(folder, name);
  const classify = (...flags: readonly string[]) => halonet(['classify', place('photos'), ...DEMO, ...flags]);

  it('is the summary alone for a short run without a terminal', async () => {
    const { stderr } = await classify('-o', place('plain.csv'));
    assert.match(stderr, /^12 images in .*, 1 failed \(unsupported_format 1\), written to /);
    const none = await classify('-o', place('none.csv'), '--progress', 'none');
    assert.match(none.stderr, /^12 images in /);
    assert.equal((await classify('-o', place('quiet.csv'), '--quiet')).stderr, '');
  });

  it('is JSON lines and nothing else for programs, from the start to the exit code', async () => {
    const { stderr, code } = await classify('-o', place('json.csv'), '--progress', 'json');
    const events = stderr
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.deepEqual(
      events.map(({ event }) => event).filter((event) => event !== 'progress'),
      ['loading', 'started', 'finishing', 'done'],
    );
    const { event, time, seconds, imagesPerSecond, stageSeconds, boundBy, batchSize, decoders, ...done } =
      events.at(-1);
    assert.equal(event, 'done');
    assert.equal(new Date(time).toISOString(), time);
    for (const number of [seconds, imagesPerSecond, ...Object.values(stageSeconds)])
      assert.ok(Number.isFinite(number));
    assert.ok(Object.keys(stageSeconds).includes(boundBy));
    assert.deepEqual([batchSize === null, decoders === null], [batchSize === null, batchSize === null]);
    assert.deepEqual(done, {
      rows: 12,
      computed: 12,
      succeeded: 11,
      failed: 1,
      failures: { unsupported_format: 1 },
      read: done.read,
      skipped: {},
      outputs: [place('json.csv')],
      files: done.files,
      exitCode: 1,
    });
    assert.equal(code, 1);
    assert.deepEqual(
      done.files.map(({ path }: { path: string }) => path),
      ['json.csv', 'json.csv.run.json', 'json.csv.run.rows'].map(place),
    );
  });

  it('gives errors as JSON lines too, usage errors included', async () => {
    for (const [args, message] of [
      [['--model', 'no/such.safetensors'], /no\/such\.safetensors/],
      [['--top-k', '0'], /--top-k: expected a whole number, at least 1; received 0/],
      [['-o', place('a.xyz')], /is not an output format/],
    ] as const) {
      const { stderr, code } = await halonet([
        'classify',
        place('photos'),
        '--device',
        'cpu',
        ...args,
        '--progress=json',
      ]);
      const error = JSON.parse(stderr.trimEnd().split('\n').at(-1) ?? '');
      assert.equal(code, 2);
      assert.deepEqual([error.event, error.exitCode], ['error', 2]);
      assert.match(error.message, message);
      for (const line of stderr.trimEnd().split('\n')) JSON.parse(line);
    }
  });

  it('exits with 0 although images failed if --failures-ok says so, also in a retry', async () => {
    const output = place('ok.csv');
    const { code, stderr } = await classify('-o', output, '--failures-ok');
    assert.equal(code, 0);
    assert.match(stderr, /1 failed \(unsupported_format 1\)/);
    assert.equal((await halonet(['retry', output])).code, 1);
    assert.equal((await halonet(['retry', output, '--failures-ok'])).code, 0);
    const stopped = await classify('-o', place('stopped.csv'), '--failures-ok', '--fail-fast');
    assert.equal(stopped.code, 1);
  });

  it('excludes --quiet from asking for progress', async () => {
    const { code, stderr } = await classify('-o', place('both.csv'), '--quiet', '--progress', 'plain');
    assert.equal(code, 2);
    assert.match(stderr, /--progress and --quiet exclude each other/);
  });

  describe('--metrics', () => {
    it('has the state of the run when it ends, in the format of Prometheus', async () => {
      const path = place('run.prom');
      const { code } = await classify('-o', place('m "1".csv'), '--metrics', path);
      assert.equal(code, 1);
      const { samples, types } = parsedMetrics(await readFile(path, 'utf8'));
      const value = (name: string) => samples.get(name);
      assert.equal(value('halonet_images_total{status="ok"}'), 11);
      assert.equal(value('halonet_images_total{status="failed"}'), 1);
      assert.equal(value('halonet_images_failed_total{code="unsupported_format"}'), 1);
      assert.deepEqual([value('halonet_rows'), value('halonet_images_expected')], [12, 12]);
      assert.deepEqual([value('halonet_finished'), value('halonet_exit_code')], [1, 1]);
      const info = [...samples.keys()].find((name) => name.startsWith('halonet_run_info'));
      assert.match(info ?? '', /command="classify",model="demo",output=".*m \\"1\\"\.csv"/);
      for (const [name, type] of types)
        assert.equal(type === 'counter', name.endsWith('_total'), `${name} is a ${type}`);
      const bound = [...samples].filter(([name]) => name.startsWith('halonet_bound_by'));
      assert.equal(
        bound.reduce((sum, [, one]) => sum + one, 0),
        1,
      );
      assert.ok(
        !(await readdir(folder)).some((name) => name.startsWith('run.prom.')),
        'no temporary file is left',
      );
    });

    it('says that a run failed', async () => {
      const path = place('failed.prom');
      const { code } = await halonet([
        'classify',
        place('photos'),
        '-m',
        'no/such',
        '-o',
        place('f.csv'),
        '--metrics',
        path,
      ]);
      assert.equal(code, 2);
      const { samples } = parsedMetrics(await readFile(path, 'utf8'));
      assert.deepEqual([samples.get('halonet_finished'), samples.get('halonet_exit_code')], [1, 2]);
    });

    it('replaces its own file, and refuses others before the model loads', async () => {
      const own = place('own.prom');
      await writeFile(own, '');
      for (let i = 0; i < 2; i++)
        assert.equal((await classify('-o', place('own.csv'), '--overwrite', '--metrics', own)).code, 1);
      await writeFile(place('notes.txt'), 'mine');
      for (const [name, text] of [
        ['notes.txt', /notes\.txt exists, and halonet did not write it/],
        ['photos/new.png', /has the extension \.png of an image or an output/],
        ['r.csv', /has the extension \.csv/],
        ['no/folder/x.prom', /the folder .* does not exist/],
        ['photos', /photos/],
      ] as const) {
        const args = [
          'classify',
          place('photos'),
          '-m',
          'no/such',
          '-o',
          place('r.csv'),
          '--metrics',
          place(name),
        ];
        const { code, stderr } = await halonet(args);
        assert.equal(code, 2, stderr);
        assert.match(stderr, text);
        assert.doesNotMatch(stderr, /no\/such/, 'the model was not looked for');
      }
      assert.equal(await readFile(place('notes.txt'), 'utf8'), 'mine');
    });
  });
});
