import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BenchmarkRun } from '../../commands/report/benchmark-run.js';
import { parseDocument, renderDocument } from '../../commands/report/benchmarks-document.js';
import type { Spread } from '../../src/benchmark/statistics.js';
import { halonet, startHalonet } from '../support/cli.js';

const QUICK = ['--quick', '--threads', '1', '--batch-sizes', '1,3', '--device', 'cpu'];

function assertSpread({ median, low, high, samples }: Spread, count: number): void {
  assert.equal(samples.length, count);
  for (const sample of samples) assert.ok(Number.isFinite(sample) && sample > 0, `${sample}`);
  assert.ok(low <= median && median <= high);
}

describe('halonet benchmark', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'halonet-benchmark-test-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const inTemporary = (args: readonly string[]) => halonet(args, { env: { TMPDIR: folder } });

  it('measures every stage and whole jobs, reports progress, and leaves nothing behind', async () => {
    const output = join(folder, 'B.md');
    const args = [...QUICK, '--precisions', 'fp32', '--json', '--machine', 'box', '--output', output];
    const { code, stdout, stderr } = await inTemporary(['benchmark', 'demo', ...args]);
    assert.equal(code, 0, stderr);
    assert.match(
      stderr,
      /^generating images: 1 size\nmeasuring stages alone: \d+ samples\nmeasuring whole jobs: \d+ samples\nadded the section "box: halonet_demo, quick" to \S+B\.md\n$/,
    );
    assert.deepEqual(await readdir(folder), ['B.md']);
    const { machine, report, command } = JSON.parse(stdout) as BenchmarkRun;
    assert.equal(command, `halonet benchmark demo ${args.join(' ')}`);
    assert.ok(machine.cores >= 1 && machine.memory > 0 && machine.onnxruntime.startsWith('1.'));
    const { flops, ...model } = report.model;
    const size = { height: 128, width: 128 };
    assert.deepEqual(model, {
      name: 'demo',
      architecture: 'halonet_demo',
      randomWeights: false,
      ...size,
    });
    const inspected = JSON.parse((await halonet(['inspect', 'demo', '--json'])).stdout);
    assert.equal(flops, 2 * inspected.macs);

    for (const { flopsPerSecond } of report.gemm) assertSpread(flopsPerSecond, 2);
    const gemm = Math.max(...report.gemm.map(({ flopsPerSecond }) => flopsPerSecond.median));
    assert.deepEqual(
      report.session.map(({ precision, threads, batchSize }) => [precision, threads, batchSize]),
      [
        ['fp32', 1, 1],
        ['fp32', 1, 3],
      ],
    );
    for (const { imagesPerSecond, flopsPerSecond, ofGemm } of report.session) {
      assertSpread(imagesPerSecond, 2);
      assert.equal(flopsPerSecond, imagesPerSecond.median * flops);
      assert.equal(ofGemm, flopsPerSecond / gemm);
    }
    assert.deepEqual(
      new Set(report.decode.map(({ photos, decode }) => `${photos.name} ${decode}`)),
      new Set(['640×480 exact', '640×480 near', '640×480 fast']),
    );
    for (const { imagesPerSecond } of report.decode) assertSpread(imagesPerSecond, 2);
    const [job, ...more] = report.pipeline;
    assert.deepEqual(more, []);
    assert.ok(job !== undefined);
    assertSpread(job.imagesPerSecond, 2);
    assert.ok(job.images >= 16);
    assert.ok(job.bound.limit > 0 && job.bound.limit <= job.bound.session);
    assertSpread(report.start.help, 2);
    assertSpread(report.start.firstResult, 2);
    assert.ok(report.start.firstResult.low > report.start.help.low / 2);
  });

  it('writes a section of a document, and replaces it on the next run', async () => {
    const output = join(folder, 'B.md');
    const run = async (...args: string[]) => {
      const { code, stdout, stderr } = await halonet([
        'benchmark',
        ...args,
        ...QUICK,
        '--quiet',
        '-o',
        output,
      ]);
      assert.equal(code, 0, stderr);
      assert.equal(stderr, '');
      assert.match(stdout, /^Whole pipeline$/m);
      return parseDocument(await readFile(output, 'utf8'), output);
    };
    const checkpoint = await readdir('assets/demo-model');
    const config = ['assets/demo-model/config.json', '--random-weights'];
    const half = ['--images', 'fixtures/images', '--precisions', 'fp16'];
    const [two] = await run(...config, '--machine', 'two', ...half, '--repeats', '1');
    assert.ok(two !== undefined);
    const before = { ...two, machine: { ...two.machine, name: 'one' } };
    await writeFile(output, renderDocument([before, two]));
    const runs = await run('demo', '--machine', 'one', '--repeats', '1');
    assert.deepEqual(
      runs.map(({ machine, report }) => [machine.name, report.model.randomWeights]),
      [
        ['one', false],
        ['two', true],
      ],
    );
    assert.deepEqual(
      runs.map(({ report }) =>
        report.pipeline.map(({ photos, decode, precision }) => [photos.name, decode, precision]),
      ),
      [
        [
          ['640×480', 'exact', 'fp32'],
          ['640×480', 'exact', 'int8'],
        ],
        [
          ['fixtures/images', 'exact', 'fp16'],
          ['fixtures/images', 'fast', 'fp16'],
        ],
      ],
    );
    const text = await readFile(output, 'utf8');
    assert.equal(text, renderDocument(runs));
    assert.match(text, /^## one: halonet_demo, quick$/m);
    assert.match(text, /^\| 640×480 \| exact \| int8 \|/m);
    const after = await readdir('assets/demo-model');
    assert.deepEqual(after, checkpoint, 'no calibration on generated images stays beside the checkpoint');
  });

  it('removes its files when interrupted', async () => {
    const child = startHalonet(['benchmark', 'demo', ...QUICK, '--repeats', '1000'], {
      env: { TMPDIR: folder },
    });
    let said = '';
    const ended = once(child, 'close');
    const measuring = new Promise<void>((resolve) => {
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        said += text;
        if (said.includes('stages alone')) resolve();
      });
    });
    await Promise.race([measuring, ended]);
    assert.equal((await readdir(folder)).length, 1);
    child.kill('SIGINT');
    const [code] = await ended;
    assert.equal(code, 130);
    assert.match(said, /interrupted \(SIGINT\): there is no report/);
    assert.deepEqual(await readdir(folder), []);
  });

  it('refuses what it cannot measure, before it measures anything', async () => {
    await mkdir(join(folder, 'empty'));
    await writeFile(join(folder, 'notes.md'), '# Notes\n');
    const env = { HF_HUB_CACHE: join(folder, 'hub'), HF_ENDPOINT: 'http://127.0.0.1:9' };
    const refused: readonly (readonly [readonly string[], RegExp])[] = [
      [['demo', '--precisions', 'fp8'], /--precisions: expected some of fp32, fp16, int8, .*received fp8/],
      [['demo', '--device', 'cuda', '--precisions', 'int8'], /error: /],
      [['demo', '--threads', '0'], /--threads: expected numbers from 1 to 512/],
      [['demo', '--batch-sizes', '4,x'], /--batch-sizes: expected numbers from 1 to 4096/],
      [['demo', '--images', join(folder, 'empty')], /there is no image in it/],
      [['demo', '--output', join(folder, 'notes.md')], /notes\.md was not written by .*benchmark/],
      [['demo', '--output', join(folder, 'no', 'B.md')], /B\.md: the folder .*no does not exist\n.*mkdir/],
      [['demo', '--output', folder], /is a folder; expected a file\n {2}Name a file, such as \S+\.md\.\n$/],
      [['demo', '--output', '-'], /--output - is not a regular file.*\n.*BENCHMARKS\.md/],
      [['demo', '--random-weights'], /--random-weights needs a timm name or a config\.json; received "demo"/],
      [
        ['fixtures/images'],
        /fixtures\/images has no checkpoint.*\n.*halonet benchmark --images fixtures\/images\n$/,
      ],
      [['halonet26t'], /\n.* need no download: halonet benchmark halonet26t --random-weights\n$/],
    ];
    for (const [args, message] of refused) {
      const { code, stdout, stderr } = await halonet(['benchmark', ...args], { env });
      assert.equal(code, 2, args.join(' '));
      assert.equal(stdout, '');
      assert.match(stderr, message);
    }
    assert.equal(await readFile(join(folder, 'notes.md'), 'utf8'), '# Notes\n');
  });
});
