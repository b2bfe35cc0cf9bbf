import assert from 'node:assert/strict';
import type { Preprocessing } from '../../src/images/geometry.js';
import { type Fingerprinted, type FingerprintedFiles, fingerprintOf } from '../../src/job/fingerprint.js';
import type { OutputRequest } from '../../src/model/outputs.js';
import { featuresLayout } from '../../src/outputs/features-layout.js';
import { FORMATS } from '../../src/outputs/formats/registry.js';
import { commandOf, differences, otherSettings, settingsOf } from '../../src/runs/fingerprint.js';
import type { Fingerprint } from '../../src/runs/journal.js';
import { HALONET } from '../images/support.js';

const PREPROCESSING: Preprocessing = { ...HALONET, height: 128, width: 128, autoOrient: true };

function layoutOf(format: 'npy' | 'jsonl') {
  return featuresLayout({
    format: FORMATS[format],
    dtype: 'float32',
    stages: [{ name: 'stage1', shape: [2] }],
  });
}

/** A job with one output. */
interface Job extends Omit<Fingerprinted, 'files'>, Pick<FingerprintedFiles, 'layout'> {
  readonly outputs: readonly OutputRequest[];
}

const fingerprint = ({ outputs, layout, ...job }: Job): Fingerprint =>
  fingerprintOf({ ...job, files: [{ requests: outputs, layout }] });

const JOB: Job = {
  version: '1.2.3',
  onnx: Uint8Array.of(1, 2, 3),
  outputs: [1, 2, 3, 4].map((i) => ({ name: `stage${i}`, dtype: 'float32' })),
  preprocessing: PREPROCESSING,
  layout: layoutOf('npy'),
  device: 'cpu',
};

/** Returns the differences between JOB and the same job with a change; undefined if there are none. */
function difference(change: Partial<Job>, except: readonly string[] = []): string | undefined {
  // As read from a journal.
  const then = JSON.parse(JSON.stringify(fingerprint(JOB)));
  const different = differences(then, fingerprint({ ...JOB, ...change }), except);
  return different.length === 0 ? undefined : different.join('; ');
}

describe('the fingerprint of a run', () => {
  it('is the same for the same job', () => {
    assert.equal(difference({}), undefined);
    assert.equal(difference({ preprocessing: { ...PREPROCESSING, fill: [124, 116, 104] } }), undefined);
  });

  it('names every preprocessing setting that differs, with both values', () => {
    const { cropPct, cropMode, interpolation, decode, maxPixels, failOn } = PREPROCESSING;
    const changes: readonly (readonly [Partial<Preprocessing>, string])[] = [
      [{ height: 256 }, 'the image size was 128x128, now 256x128 (--image-size or --model)'],
      [{ width: 64 }, 'the image size was 128x128, now 128x64 (--image-size or --model)'],
      [{ cropPct: 1 }, `--crop-pct was ${cropPct}, now 1`],
      [{ cropMode: 'squash' }, `--crop-mode was ${cropMode}, now squash`],
      [{ interpolation: 'bilinear' }, `--interpolation was ${interpolation}, now bilinear`],
      [{ fill: [0, 0, 0] }, 'the mean differs (--mean or --model)'],
      [{ autoOrient: false }, '--auto-orient was on, now off'],
      [{ decode: 'fast' }, `--decode was ${decode}, now fast`],
      [{ maxPixels: 5 }, `--max-pixels was ${maxPixels}, now 5`],
      [{ failOn: 'none' }, `--fail-on was ${failOn}, now none`],
    ];
    assert.deepEqual(
      changes.map(([change]) => Object.keys(change)[0]).toSorted(),
      Object.keys(PREPROCESSING).toSorted(),
    );
    for (const [change, text] of changes) {
      const preprocessing = { ...PREPROCESSING, ...change };
      assert.equal(difference({ preprocessing }), text);
    }
  });

  it('names the size of images once, and the model as another cause', () => {
    const preprocessing = { ...PREPROCESSING, height: 64, width: 64 };
    assert.equal(
      difference({ preprocessing, onnx: Uint8Array.of(7) }),
      'the image size was 128x128, now 64x64 (--image-size or --model)',
    );
    assert.equal(
      difference({ preprocessing: { ...PREPROCESSING, fill: [0, 0, 0] }, onnx: Uint8Array.of(7) }),
      'the mean differs (--mean or --model)',
    );
  });

  it('names other settings that differ', () => {
    assert.equal(difference({ version: '1.3.0' }), 'halonet was 1.2.3, now 1.3.0');
    assert.equal(difference({ device: 'cuda' }), '--device was cpu, now cuda');
    assert.equal(difference({ layout: layoutOf('jsonl') }), '--format was npy, now jsonl');
    assert.equal(difference({ outputs: JOB.outputs.slice(1) }), '--stages was 1,2,3,4, now 2,3,4');
    const pooled = JOB.outputs.map((output) => ({ ...output, pool: 'avg' as const }));
    assert.equal(difference({ outputs: pooled }), '--pool was none, now avg');
    assert.equal(
      difference({ outputs: pooled.slice(2) }),
      '--stages was 1,2,3,4, now 3,4; --pool was none, now avg',
    );
    const grids = JOB.outputs.map((output) => ({ ...output, pool: 'grid:2' }));
    assert.deepEqual(
      differences(fingerprint({ ...JOB, outputs: pooled }), fingerprint({ ...JOB, outputs: grids }), []),
      ['--pool was avg, now grid:2'],
    );
    assert.equal(
      difference({ device: 'cuda', version: '2' }),
      'halonet was 1.2.3, now 2; --device was cpu, now cuda',
    );
  });

  it('names the pooling of embeddings', () => {
    const embedding = { name: 'embedding', normalize: false, dtype: 'float32' } as const;
    const outputs: readonly (readonly [OutputRequest, string])[] = [
      [embedding, "the model's own"],
      [{ ...embedding, pool: 'catavgmax' }, 'catavgmax'],
      [{ ...embedding, name: 'unpooled' }, 'none'],
    ];
    for (const [then, before] of outputs) {
      for (const [now, after] of outputs) {
        const [one, other] = [then, now].map((output) => fingerprint({ ...JOB, outputs: [output] }));
        const error = one && other && otherSettings(['q.npy'], one, other, false);
        const expected = `q.npy was started with other settings: --pool was ${before}, now ${after}`;
        assert.equal(error?.message, then === now ? undefined : expected);
      }
    }
  });

  it('reports a different network', () => {
    const onnx = Uint8Array.of(1, 2, 4);
    const text = 'the network differs (--model, --architecture, --precision, --calibration, --mean or --std)';
    assert.equal(difference({ onnx }), text);
    assert.equal(difference({ onnx, device: 'cuda' }), `--device was cpu, now cuda; ${text}`);
  });

  it('leaves out what only follows from another difference', () => {
    const onnx = Uint8Array.of(1, 2, 4);
    const withSettings = (settings: Fingerprint, change: Partial<Job> = {}) => ({
      ...fingerprint({ ...JOB, ...change }),
      ...settings,
    });
    const halved = JOB.outputs.map((output) => ({ ...output, dtype: 'float16' as const }));
    assert.deepEqual(
      differences(
        withSettings({ dtype: 'float32' }),
        withSettings({ dtype: 'float16' }, { onnx, outputs: halved, device: 'cuda' }),
        [],
      ),
      ['--dtype was float32, now float16', '--device was cpu, now cuda'],
    );
    assert.deepEqual(
      differences(
        withSettings({ dtype: 'float32' }),
        withSettings({ dtype: 'float16' }, { onnx, outputs: halved.slice(2) }),
        [],
      ),
      ['--dtype was float32, now float16', '--stages was 1,2,3,4, now 3,4'],
    );
    const logits = { onnx, outputs: [{ name: 'logits' }] };
    assert.deepEqual(
      differences(withSettings({ scores: 'probabilities' }), withSettings({ scores: 'logits' }, logits), []),
      ['--scores was prob, now logit'],
    );
    const normalized = { outputs: [{ name: 'embedding', normalize: true, dtype: 'float32' as const }], onnx };
    const plain = { outputs: [{ name: 'embedding', normalize: false, dtype: 'float32' as const }] };
    assert.deepEqual(differences(withSettings({}, plain), withSettings({}, normalized), []), [
      '--normalize was off, now on',
    ]);
    // If no setting explains the dtype, the outputs still differ.
    assert.match(
      difference({ outputs: halved, onnx }) ?? '',
      /^outputs was stage1 float32, .*, now stage1 float16, /,
    );
  });

  it('reports settings that were added or removed', () => {
    const then = { ...fingerprint(JOB), gone: 1 };
    assert.deepEqual(differences(then, { ...fingerprint(JOB), came: 'x'.repeat(200) }, []), [
      'gone was 1, now not set',
      `came was not set, now ${'x'.repeat(120)}…`,
    ]);
  });

  it('shows no digest of class names', () => {
    const [then, now] = ['x', 'y'].map((labels): Fingerprint => ({ ...fingerprint(JOB), labels }));
    assert.deepEqual(then && now && differences(then, now, []), [
      'the class names differ (--labels, --label-type or --model)',
    ]);
  });

  it('lists the differences in an error that suggests --overwrite', () => {
    const other = { ...JOB, device: 'cuda', version: '2' };
    const error = otherSettings(['out.npy'], fingerprint(JOB), fingerprint(other), false);
    assert.equal(
      error?.message,
      'out.npy was started with other settings: halonet was 1.2.3, now 2; --device was cpu, now cuda',
    );
    assert.equal(error?.hint, 'Repeat the original command unchanged, or pass --overwrite to start over.');
    assert.equal(otherSettings(['out.npy'], fingerprint(JOB), fingerprint(JOB), false), undefined);
    const retried = otherSettings(['out.npy'], fingerprint(JOB), fingerprint(other), true);
    assert.match(retried?.hint ?? '', /^Restore what differs, or repeat the command of its run with --over/);
  });

  it('numbers the settings of several outputs, and names the output whose setting differs', () => {
    const files: Fingerprinted['files'] = [
      { requests: [{ name: 'embedding', dtype: 'float32' }], layout: layoutOf('npy') },
      { requests: JOB.outputs, layout: layoutOf('jsonl') },
    ];
    const { outputs, layout, ...job } = JOB;
    const of = (changed: Fingerprinted['files'], more: Partial<Fingerprinted> = {}) =>
      fingerprintOf({ ...job, files: changed, ...more });
    const then = of(files);
    assert.deepEqual(
      [then['1 format'], then['2 format'], then.format, then['1 outputs']],
      ['npy', 'jsonl', undefined, 'embedding float32'],
    );
    assert.equal(settingsOf(then, 2).format, 'jsonl');
    assert.equal(settingsOf(then, 2).device, 'cpu');
    assert.equal(commandOf(settingsOf(then, 1)), 'embed');
    const [first, second] = files as [FingerprintedFiles, FingerprintedFiles];
    const names = ['a.npy', 'b.jsonl'];
    const text = (now: Fingerprint) => otherSettings(names, then, now, false)?.message;
    assert.equal(text(of(files)), undefined);
    const halved = {
      ...second,
      layout: { ...second.layout, settings: { ...second.layout.settings, dtype: 'float16' } },
    };
    assert.equal(
      text(of([first, halved], { onnx: Uint8Array.of(7), device: 'cuda' })),
      'a.npy and b.jsonl were started with other settings: --dtype was float32, now float16 (b.jsonl); --device was cpu, now cuda',
    );
    assert.equal(
      text(of([first, { ...second, requests: JOB.outputs.slice(2) }])),
      'a.npy and b.jsonl were started with other settings: --stages was 1,2,3,4, now 3,4 (b.jsonl)',
    );
    assert.equal(text(of([second, first])), 'a.npy is an output of halonet embed, not of halonet features');
  });

  it('names kept columns of several outputs once', () => {
    const kept = { ...JOB.layout, settings: { ...JOB.layout.settings, columns: '["x"]' } };
    const files = [kept, kept].map((layout) => ({ requests: JOB.outputs, layout }));
    const { outputs, layout, ...job } = JOB;
    const [then, now] = [fingerprintOf({ ...job, files }), fingerprintOf({ ...job, files })];
    assert.equal(then.columns, '["x"]');
    assert.deepEqual(differences({ ...then, columns: '["y"]' }, now, [], ['a', 'b']), [
      '--keep-columns was ["y"], now ["x"]',
    ]);
  });

  it('names another command first and alone', () => {
    const commands: Readonly<Record<string, readonly OutputRequest[]>> = {
      classify: [{ name: 'probabilities' }],
      embed: [{ name: 'embedding', normalize: false, dtype: 'float32' }],
      features: JOB.outputs,
    };
    for (const [then, before] of Object.entries(commands)) {
      for (const [now, after] of Object.entries(commands)) {
        const error = otherSettings(
          ['q.npy'],
          fingerprint({ ...JOB, outputs: before }),
          fingerprint({ ...JOB, outputs: after, device: then === now ? 'cpu' : 'cuda' }),
          false,
        );
        const expected = `q.npy is an output of halonet ${then}, not of halonet ${now}`;
        assert.equal(error?.message, then === now ? undefined : expected);
      }
    }
    const logits = fingerprint({ ...JOB, outputs: [{ name: 'logits' }] });
    assert.match(
      otherSettings(['q.npy'], logits, fingerprint(JOB), false)?.message ?? '',
      /halonet classify, /,
    );
  });

  it('may differ in settings that are exempt', () => {
    const preprocessing = { ...PREPROCESSING, maxPixels: 5 };
    assert.equal(difference({ preprocessing }, ['maxPixels', 'failOn']), undefined);
    assert.equal(difference({ preprocessing, device: 'cuda' }, ['maxPixels']), '--device was cpu, now cuda');
  });
});
