import assert from 'node:assert/strict';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ModelError } from '../../src/errors.js';
import { encodeOnnx } from '../../src/formats/onnx/encode.js';
import { buildModel } from '../../src/model/build.js';
import { type CheckpointOptions, loadCheckpoint } from '../../src/models/checkpoint.js';
import { Session } from '../../src/runtime/session.js';
import { asFloat32 } from '../../src/tensor.js';
import { DIRECT, startHubServer } from '../hub/hub-server.js';
import { onCpu } from '../support/demo.js';
import { readBytes, readFloats } from '../support/read-npy.js';
import { relativeError } from '../support/relative-error.js';

const FINETUNED = 'fixtures/pytorch/finetuned/model_best.pth.tar';
const NET = 'fixtures/parity/options/mixture';
const COMMIT = 'c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00';

describe('loadCheckpoint', () => {
  let folder: string;
  let options: CheckpointOptions;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'halonet-checkpoint-'));
    options = { hub: hubAt('http://127.0.0.1:9', join(folder, 'cache')) };
  });
  after(() => rm(folder, { recursive: true }));

  const hubAt = (endpoint: string, cacheDir: string) => ({
    endpoint,
    cacheDir,
    token: undefined,
    offline: false,
    symlinks: true,
    proxies: DIRECT,
  });
  const load = (model: string, more: Partial<CheckpointOptions> = {}) =>
    loadCheckpoint(model, { ...options, ...more });
  const refuses = (model: string, message: RegExp, hint: RegExp) =>
    assert.rejects(load(model), (error) => {
      assert.ok(error instanceof ModelError, String(error));
      assert.match(error.message, message);
      assert.match(error.hint ?? '', hint);
      return true;
    });

  it("reads a file of timm's training script without a config.json, and computes timm's logits", async () => {
    const { config, tensors, weightsPath } = await load(FINETUNED);
    assert.equal(config.architecture, 'test_byobnet');
    assert.equal(config.numClasses, 7);
    assert.deepEqual(config.pretrained, {
      height: 96,
      width: 96,
      mean: [0.5, 0.5, 0.5],
      std: [0.25, 0.25, 0.25],
      cropPct: 0.9,
      cropMode: 'center',
      interpolation: 'bicubic',
    });
    const request = { network: config, ...config.pretrained, outputs: [{ name: 'logits' }] };
    const session = await Session.open(encodeOnnx(buildModel(request, tensors, weightsPath).graph), onCpu(1));
    try {
      const { data } = await readBytes('fixtures/pytorch/finetuned/pixels.npy');
      const { outputs } = await session.run(data, [2, 96, 96, 3]);
      const { data: timm } = await readFloats('fixtures/pytorch/finetuned/logits.npy');
      const error = relativeError(asFloat32(outputs.logits?.data ?? new Uint8Array()), timm);
      assert.ok(error <= 1e-4, `relative error ${error}`);
    } finally {
      await session.close();
    }
  });

  it('prefers a config.json beside a file to the settings in the file', async () => {
    const beside = join(folder, 'beside');
    await mkdir(beside);
    await copyFile(FINETUNED, join(beside, 'model_best.pth.tar'));
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
    const json = { architecture: 'test_byobnet', num_classes: 7, label_names: names };
    await writeFile(join(beside, 'config.json'), JSON.stringify(json));
    for (const model of [beside, join(beside, 'model_best.pth.tar')]) {
      const { config } = await load(model);
      assert.deepEqual(config.labelNames, names);
      assert.equal(config.pretrained.height, 160);
    }
  });

  it('requires --architecture for a bare file without a config.json', async () => {
    const bare = join(folder, 'weights.safetensors');
    await copyFile('assets/demo-model/model.safetensors', bare);
    await refuses(
      bare,
      /cannot tell which architecture these weights belong to/,
      /config\.json beside it, or pass .*--architecture halonet50ts/,
    );
    const { config } = await load(bare, { architecture: 'halonet50ts' });
    assert.equal(config.architecture, 'halonet50ts');
    assert.equal(config.numClasses, 16);
    assert.equal(config.pretrained.cropPct, 0.94);
    await assert.rejects(
      load(bare, { architecture: 'halonet51' }),
      /^ModelError: --architecture: halonet has no architecture "halonet51"$/,
    );
  });

  it('reads a folder with one checkpoint, and asks which of several to read', async () => {
    const several = join(folder, 'several');
    await mkdir(several);
    await refuses(
      several,
      /the folder .*several has no checkpoint \(model\.safetensors or pytorch_model\.bin\)/,
      /pass the file instead/,
    );
    await copyFile(FINETUNED, join(several, 'last.pth.tar'));
    assert.match((await load(several)).weightsPath, /last\.pth\.tar$/);
    await copyFile(FINETUNED, join(several, 'checkpoint-3.pth.tar'));
    await refuses(
      several,
      /the folder .*several has 2 checkpoints: .*last\.pth\.tar/,
      /Pass one of these files/,
    );
    await copyFile(FINETUNED, join(several, 'pytorch_model.bin'));
    assert.match((await load(several)).weightsPath, /pytorch_model\.bin$/);
  });

  it('reports models without weights, and suggests names for misspelled ones', async () => {
    await refuses(
      'halonet_h1',
      /timm defines it but publishes no weights/,
      /--architecture halonet_h1\.untrained/,
    );
    await refuses('halonet5ts', /unknown model "halonet5ts"/, /^Did you mean halonet50ts\?$/);
    await refuses('vit_base', /unknown model "vit_base"/, /^halonet runs timm's BYOBNet and BYOANet models/);
    await refuses('halonet50ts.in22k', /halonet50ts has no tag "in22k"/, /halonet50ts\.a1h_in1k/);
  });

  it('reads any hub repository, and its pytorch_model.bin if it has no safetensors', async () => {
    const config = Buffer.from(
      JSON.stringify({ architecture: 'test_byobnet', num_classes: 7, label_names: [...'abcdefg'] }),
    );
    const { readFile } = await import('node:fs/promises');
    const files = { 'config.json': config, 'pytorch_model.bin': await readFile(FINETUNED) };
    const server = await startHubServer({
      repos: {
        'someone/flowers': { commit: COMMIT, files },
        'someone/empty': { commit: COMMIT, files: { 'config.json': config } },
      },
    });
    try {
      const hub = hubAt(server.endpoint, join(folder, 'hub-cache'));
      const first = await load('hf-hub:someone/flowers', { hub });
      assert.deepEqual(first.config.labelNames, [...'abcdefg']);
      assert.equal(first.tensors.get('head.fc.weight')?.shape[0], 7);
      const asked = server.seen.length;
      await load('hf_hub:someone/flowers', { hub });
      assert.equal(server.seen.length, asked, 'the second time it is in the cache');
      await assert.rejects(load('hf-hub:someone/empty', { hub }), /has no file model\.safetensors/);
    } finally {
      await server.close();
    }
  });

  it('suggests saving a wrapped network without its prefix', async () => {
    const { config, tensors } = await load(NET);
    const wrapped = new Map([...tensors].map(([name, tensor]) => [`model.${name}`, tensor]));
    assert.throws(
      () => buildModel({ network: config, ...config.pretrained, outputs: [] }, wrapped, 'x'),
      (error) => error instanceof ModelError && /save it without the prefix "model\."/.test(error.hint ?? ''),
    );
  });

  it('suggests setting num_classes when only the head does not fit', async () => {
    const wrong = join(folder, 'wrong');
    await mkdir(wrong);
    await copyFile(`${NET}/model.safetensors`, join(wrong, 'model.safetensors'));
    await copyFile(`${NET}/config.json`, join(wrong, 'config.json'));
    const { config, tensors } = await load(wrong);
    const request = { network: { ...config, numClasses: 11 }, ...config.pretrained, outputs: [] };
    assert.throws(
      () => buildModel(request, tensors, wrong),
      (error) => error instanceof ModelError && /set num_classes in its config\.json/.test(error.hint ?? ''),
    );
  });
});
