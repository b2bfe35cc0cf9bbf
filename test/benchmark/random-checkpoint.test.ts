import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeRandomCheckpoint } from '../../src/benchmark/random-checkpoint.js';
import { hubSettingsFromEnv } from '../../src/hub/settings.js';
import { loadCheckpoint } from '../../src/models/checkpoint.js';
import { asFloat32 } from '../../src/tensor.js';
import { converted } from '../support/converted.js';
import { runOnnx } from '../support/run-onnx.js';

const hub = hubSettingsFromEnv({}, '/nowhere');

describe('writeRandomCheckpoint', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'halonet-random-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('writes weights that fit the network of a config and give finite, varied logits', async () => {
    await writeRandomCheckpoint('assets/demo-model/config.json', folder);
    const pixels = Uint8Array.from({ length: 128 * 128 * 3 }, (_, i) => (i * 7919) % 256);
    const { logits = new Float32Array() } = await runOnnx(await converted(folder), pixels, 1);
    assert.equal(logits.length, 16);
    assert.ok(logits.every(Number.isFinite), `${logits}`);
    assert.ok(Math.max(...logits) - Math.min(...logits) > 0.01, `${logits}`);
  });

  it('accepts the name of a timm network', async () => {
    await writeRandomCheckpoint('test_byobnet', folder);
    const { config, tensors } = await loadCheckpoint(folder, { hub });
    assert.equal(config.architecture, 'test_byobnet');
    const weight = asFloat32(tensors.get('head.fc.weight')?.data ?? new Uint8Array());
    assert.ok(weight.length > 0 && weight.every((w) => Number.isFinite(w) && w !== 0));
  });

  it('refuses a model that already has weights', async () => {
    for (const model of ['demo', 'assets/demo-model', 'hf-hub:someone/model'])
      await assert.rejects(
        writeRandomCheckpoint(model, folder),
        /--random-weights needs a timm name or a config\.json; received "/,
      );
  });
});
