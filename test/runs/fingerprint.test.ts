import assert from 'node:assert/strict';
import type { Preprocessing } from '../../src/images/geometry.js';
import { type Fingerprinted, fingerprintOf } from '../../src/job/fingerprint.js';
import { featuresLayout } from '../../src/outputs/features-layout.js';
import { FORMATS } from '../../src/outputs/formats/registry.js';
import { differences, otherSettings } from '../../src/runs/fingerprint.js';
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

const JOB: Fingerprinted = {
  version: '1.2.3',
  onnx: Uint8Array.of(1, 2, 3),
  outputs: [1, 2, 3, 4].map((i) => ({ name: `stage${i}`, dtype: 'float32' })),
  preprocessing: PREPROCESSING,
  layout: layoutOf('npy'),
  device: 'cpu',
};

/** Returns the differences between JOB and the same job with a change; undefined if there are none. */
function difference(change: Partial<Fingerprinted>, except: readonly string[] = []): string | undefined {
  // As read from a journal.
  const then = JSON.parse(JSON.stringify(fingerprintOf(JOB)));
  const different = differences(then, fingerprintOf({ ...JOB, ...change }), except);
  return different.length === 0 ? undefined : different.join('; ');
}

describe('the fingerprint of a run', () => {
  it('is the same for the same job', () => {
    assert.equal(difference({}), undefined);
    assert.equal(difference({ preprocessing: { ...PREPROCESSING, fill: [124, 116, 104] } }), undefined);
  });

  it('names every preprocessing setting that differs, with both values', () => {
    const changes: Partial<Preprocessing>[] = [
      { height: 256 },
      { width: 64 },
      { cropPct: 1 },
      { cropMode: 'squash' },
      { interpolation: 'bilinear' },
      { fill: [0, 0, 0] },
      { autoOrient: false },
      { decode: 'fast' },
      { maxPixels: 5 },
      { failOn: 'none' },
    ];
    assert.deepEqual(
      changes.map((change) => Object.keys(change)[0]).toSorted(),
      Object.keys(PREPROCESSING).toSorted(),
    );
    for (const change of changes) {
      const [[name, value] = ['', '']] = Object.entries(change);
      const then = JSON.stringify(PREPROCESSING[name as keyof Preprocessing]).replaceAll('"', '');
      const now = JSON.stringify(value).replaceAll('"', '');
      const preprocessing = { ...PREPROCESSING, ...change };
      assert.ok(difference({ preprocessing })?.endsWith(` was ${then} and is ${now}`), name);
    }
  });

  it('names other settings that differ', () => {
    assert.equal(difference({ version: '1.3.0' }), 'halonet was 1.2.3 and is 1.3.0');
    assert.equal(difference({ device: 'cuda' }), '--device was cpu and is cuda');
    assert.equal(difference({ layout: layoutOf('jsonl') }), '--format was npy and is jsonl');
    assert.equal(
      difference({ outputs: JOB.outputs.slice(1) }),
      '--stages, --pool or --normalize (outputs) was stage1, stage2, stage3, stage4 and is stage2, stage3, stage4',
    );
    const pooled = JOB.outputs.map((output) => ({ ...output, pool: 'avg' as const }));
    assert.match(difference({ outputs: pooled }) ?? '', / and is stage1 avg, stage2 avg, /);
    assert.equal(
      difference({ device: 'cuda', version: '2' }),
      'halonet was 1.2.3 and is 2; --device was cpu and is cuda',
    );
  });

  it('reports a different network', () => {
    const onnx = Uint8Array.of(1, 2, 4);
    assert.equal(difference({ onnx }), 'the network is another one (--model, --precision, --mean or --std)');
    assert.match(
      difference({ onnx, device: 'cuda' }) ?? '',
      /^--device was cpu and is cuda; the network is another one/,
    );
  });

  it('leaves out what only follows from another difference', () => {
    const onnx = Uint8Array.of(1, 2, 4);
    const withSettings = (settings: Fingerprint, change: Partial<Fingerprinted> = {}) => ({
      ...fingerprintOf({ ...JOB, ...change }),
      ...settings,
    });
    const halved = JOB.outputs.map((output) => ({ ...output, dtype: 'float16' as const }));
    assert.deepEqual(
      differences(
        withSettings({ dtype: 'float32' }),
        withSettings({ dtype: 'float16' }, { onnx, outputs: halved, device: 'cuda' }),
        [],
      ),
      ['--dtype was float32 and is float16', '--device was cpu and is cuda'],
    );
    assert.deepEqual(
      differences(
        withSettings({ dtype: 'float32' }),
        withSettings({ dtype: 'float16' }, { onnx, outputs: halved.slice(2) }),
        [],
      ),
      [
        '--dtype was float32 and is float16',
        '--stages, --pool or --normalize (outputs) was stage1, stage2, stage3, stage4 and is stage3, stage4',
      ],
    );
    const logits = { onnx, outputs: [{ name: 'logits' }] };
    assert.deepEqual(
      differences(withSettings({ scores: 'probabilities' }), withSettings({ scores: 'logits' }, logits), []),
      ['--scores was probabilities and is logits'],
    );
    const normalized = { outputs: [{ name: 'embedding', normalize: true, dtype: 'float32' as const }], onnx };
    const plain = { outputs: [{ name: 'embedding', normalize: false, dtype: 'float32' as const }] };
    assert.deepEqual(differences(withSettings({}, plain), withSettings({}, normalized), []), [
      '--stages, --pool or --normalize (outputs) was embedding and is embedding normalized',
    ]);
    // If no setting explains the dtype, the outputs still differ.
    assert.equal(difference({ outputs: halved, onnx })?.startsWith('--stages, --pool'), true);
  });

  it('reports settings that were added or removed', () => {
    const then = { ...fingerprintOf(JOB), gone: 1 };
    assert.deepEqual(differences(then, { ...fingerprintOf(JOB), labels: 'x'.repeat(200) }, []), [
      'gone was 1 and is not set',
      `--labels or --label-type (digest) was not set and is ${'x'.repeat(120)}…`,
    ]);
  });

  it('lists the differences in an error that suggests --overwrite', () => {
    const error = otherSettings('out.npy', ['one', 'two']);
    assert.equal(error.message, 'out.npy was started with other settings: one; two.');
    assert.match(error.hint ?? '', /--overwrite/);
  });

  it('may differ in settings that are exempt', () => {
    const preprocessing = { ...PREPROCESSING, maxPixels: 5 };
    assert.equal(difference({ preprocessing }, ['maxPixels', 'failOn']), undefined);
    assert.equal(
      difference({ preprocessing, device: 'cuda' }, ['maxPixels']),
      '--device was cpu and is cuda',
    );
  });
});
