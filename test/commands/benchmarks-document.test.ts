import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { type BenchmarkRun, RUN_FORMAT } from '../../commands/report/benchmark-run.js';
import {
  changeLine,
  parseDocument,
  renderDocument,
  withRun,
} from '../../commands/report/benchmarks-document.js';
import type { PipelineRate } from '../../src/benchmark/report.js';
import { spreadOf } from '../../src/benchmark/statistics.js';

const photos = { name: '640×480', bytes: 86_900 };

const job = (pipeline: number, stage: PipelineRate['bound']['stage'], inference: number): PipelineRate => ({
  photos,
  decode: 'exact',
  precision: 'fp32',
  threads: 2,
  images: 100,
  found: { batchSize: 4, decoders: 3 },
  imagesPerSecond: spreadOf([pipeline]),
  bound: { session: 20, decode: 6, limit: 19.048, inference, stage },
});

const run = (machine: string, jobs: readonly PipelineRate[] = []): BenchmarkRun => ({
  format: RUN_FORMAT,
  date: '2026-01-02T03:04:05.678Z',
  command: 'halonet benchmark halonet50ts --random-weights --machine "a --> b"',
  version: '0.1.0',
  machine: {
    name: machine,
    cpu: 'A CPU',
    features: ['AVX9'],
    cores: 2,
    memory: 24 * 2 ** 30,
    system: 'Linux 6 x64',
    node: 'v20.0.0',
    onnxruntime: '1.30.0',
    sharp: '0.35.5 (libvips 8)',
  },
  report: {
    model: {
      name: 'halonet50ts',
      architecture: 'halonet50ts',
      randomWeights: true,
      height: 256,
      width: 256,
      flops: 10.64e9,
    },
    device: 'cpu',
    gemm: [
      {
        precision: 'fp32',
        threads: 2,
        shape: [512, 256, 1024],
        flopsPerSecond: spreadOf([210e9, 212.34567e9, 215e9]),
      },
    ],
    session: [
      {
        precision: 'fp32',
        threads: 2,
        batchSize: 4,
        imagesPerSecond: spreadOf([16.9, 17, 17.1]),
        flopsPerSecond: 180.88e9,
        ofGemm: 0.8518,
      },
      {
        precision: 'int8',
        threads: 2,
        batchSize: 2,
        imagesPerSecond: spreadOf([34, 34, 34]),
        flopsPerSecond: 361.76e9,
        ofGemm: 1.7036,
      },
    ],
    decode: [
      {
        photos,
        decode: 'exact',
        decoders: 3,
        imagesPerSecond: spreadOf([340, 340, 340]),
        cpuSeconds: spreadOf([0.0062]),
      },
      {
        photos,
        decode: 'fast',
        decoders: 3,
        imagesPerSecond: spreadOf([510, 510, 510]),
        cpuSeconds: spreadOf([0.0041]),
      },
    ],
    pipeline: jobs,
    start: { help: spreadOf([0.31]), firstResult: spreadOf([1.234]) },
  },
});

describe('the benchmarks document', () => {
  it('shows medians, quartiles and ratios in tables', () => {
    const text = renderDocument([run('box')]);
    assert.match(text, /^## box: halonet50ts$/m);
    assert.match(
      text,
      /^- halonet50ts \(halonet50ts, random weights\) at 256×256, 10\.6 GFLOP\/image, on cpu$/m,
    );
    assert.match(text, /^\| fp32 \| 2 \| 512×256 · 256×1024 \| 212 \| 211–214 \|$/m);
    assert.match(text, /^\| fp32 \| 2 \| 4 \| 17\.0 \| 16\.9–17\.1 \| 181 \| 85% \|$/m);
    assert.match(text, /^\| 640×480 \| exact \| 86\.9 kB \| 3 \| 340 \| 340–340 \| 6\.20 \|$/m);
    assert.match(text, /640×480, 3 at once: fast is 1\.50 times as fast as exact/);
    assert.match(text, /^- int8 is 2\.00 times as fast as fp32 with 2 threads$/m);
    assert.match(text, /\| 1\.23 \| 1\.23–1\.23 \|$/m);
  });

  it('names the stage that bounds a job', () => {
    const jobs = [job(18.6, 'inference', 0.95), job(4.8, 'decoding', 0.2), job(9, 'neither', 0.95)];
    const text = renderDocument([run('box', jobs)]);
    assert.match(
      text,
      /inference is the bottleneck: 18\.6 images\/s, 93% of the network alone \(20\.0\)\. Decoding takes 5% of an image's time/,
    );
    assert.match(
      text,
      /decoding is the bottleneck: 4\.80 images\/s, 80% of decoding alone \(6\.00\)\. Decoding takes 80% of an image's time/,
    );
    assert.match(
      text,
      /neither decoding nor inference explains 9\.00 images\/s: together, decoding and inference allow 19\.0/,
    );
    assert.match(
      text,
      /^\| 640×480 \| exact \| fp32 \| 2 \| 4 \| 3 \| 18\.6 \| 18\.6–18\.6 \| 93% \| 98% \| inference \|$/m,
    );
  });

  it('calls more than a stage can do noise', () => {
    const [noisy = ''] =
      renderDocument([run('box', [job(21, 'inference', 0.95)])]).match(/^- 640.*bottleneck.*$/m) ?? [];
    assert.match(noisy, /105% of the network alone \(20\.0; above 100% is noise\)\. /);
  });

  it('calls a lower speed slower, and compares none of few samples', () => {
    const { report, ...rest } = run('box');
    const decode = (samples: readonly number[]) =>
      report.decode.map((rate) =>
        rate.decode === 'exact' ? rate : { ...rate, imagesPerSecond: spreadOf(samples) },
      );
    const session = (samples: readonly number[]) =>
      report.session.map((rate) =>
        rate.precision === 'fp32' ? rate : { ...rate, imagesPerSecond: spreadOf(samples) },
      );
    const text = (samples: readonly number[]) =>
      renderDocument([
        { ...rest, report: { ...report, decode: decode(samples), session: session(samples) } },
      ]);
    assert.match(text([8.5, 8.5, 8.5]), /^- int8 is 50% slower than fp32 with 2 threads$/m);
    assert.match(text([8.5, 8.5, 8.5]), /3 at once: fast is 98% slower than exact$/m);
    assert.match(text([8.5, 8.5]), /^- too few samples to compare precisions$/m);
    assert.match(text([8.5, 8.5]), /^- too few samples to compare ways of decoding$/m);
    assert.doesNotMatch(text([8.5, 8.5]), /slower than|times as fast/);
  });

  it('names the section that a run adds or replaces', () => {
    const full = run('one');
    assert.equal(changeLine([], full, 'B.md'), 'added the section "one: halonet50ts" to B.md');
    assert.equal(
      changeLine([run('two'), full], full, 'B.md'),
      'replaced the section "one: halonet50ts" of B.md',
    );
    assert.match(changeLine([full], { ...full, quick: true }, 'B.md'), /^added /);
  });

  it('warns of figures from a busy machine', () => {
    const calm = run('box');
    assert.doesNotMatch(renderDocument([calm]), /busy/);
    const gemm = calm.report.gemm.map((rate) => ({
      ...rate,
      flopsPerSecond: spreadOf([50e9, 200e9, 210e9]),
    }));
    const session = calm.report.session.map((rate) => ({ ...rate, imagesPerSecond: spreadOf([5, 16, 17]) }));
    const busy = { ...calm, report: { ...calm.report, gemm, session } };
    assert.match(
      renderDocument([busy]),
      /^- The machine was busy with other things: half .* more than 38% apart/m,
    );
  });

  it('round-trips through parsing, with sections added and replaced', () => {
    const one = withRun(withRun([], run('one')), run('two'));
    const text = renderDocument(one);
    const again = parseDocument(text, 'B.md');
    assert.deepEqual(again, one);
    assert.equal(renderDocument(again), text);
    const replaced = withRun(again, { ...run('one'), version: '0.2.0' });
    assert.deepEqual(
      replaced.map(({ machine, version }) => [machine.name, version]),
      [
        ['one', '0.2.0'],
        ['two', '0.1.0'],
      ],
    );
  });

  it('keeps quick runs apart from full ones, and lets real weights replace random ones', () => {
    const full = run('one');
    const quick = { ...full, quick: true };
    const report = { ...full.report, model: { ...full.report.model, randomWeights: false } };
    const runs = [full, quick, { ...full, quick: false, report }].reduce<readonly BenchmarkRun[]>(
      withRun,
      [],
    );
    assert.deepEqual(
      runs.map((each) => [each.quick, each.report.model.randomWeights]),
      [
        [false, false],
        [true, true],
      ],
    );
    const titles = renderDocument(runs).match(/^## .*$/gm);
    assert.deepEqual(titles, ['## one: halonet50ts', '## one: halonet50ts, quick']);
  });

  it('rejects files that halonet benchmark did not write', () => {
    const text = renderDocument(withRun([], run('one')));
    const others = ['# Notes\n', `${text}\n## By hand\n`, text.replace('"format":1', '"format":0')];
    for (const other of others) assert.throws(() => parseDocument(other, 'B.md'), /B\.md was not written by/);
  });

  it('reproduces BENCHMARKS.md from its own data', () => {
    const text = readFileSync('BENCHMARKS.md', 'utf8');
    const runs = parseDocument(text, 'BENCHMARKS.md');
    assert.ok(runs.length > 0);
    assert.equal(text, renderDocument(runs));
  });
});
