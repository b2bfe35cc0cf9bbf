import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FormatError, HalonetError, ModelError } from '../../src/errors.js';
import { encodeOnnx } from '../../src/formats/onnx/encode.js';
import { hubSettingsFromEnv } from '../../src/hub/settings.js';
import type { OutputRequest } from '../../src/model/outputs.js';
import { openModel } from '../../src/models/open-model.js';
import { sample } from '../formats/onnx/sample.js';
import { converted } from '../support/converted.js';
import { readBytes } from '../support/read-npy.js';
import { relativeError } from '../support/relative-error.js';
import { runOnnx } from '../support/run-onnx.js';

const HUB = hubSettingsFromEnv({}, '/nowhere');
const SMALL = 'fixtures/parity/options/self-halo-qk-ratio';
const open = (model: string) => openModel(model, { hub: HUB });

/** Runs the graph that a job would use on an image. */
async function compute(model: string, outputs: readonly OutputRequest[], pixels: Uint8Array) {
  const { graph } = (await open(model)).build(outputs, {});
  return runOnnx(encodeOnnx(graph), pixels.slice(), 1);
}

describe('openModel with an ONNX file', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'halonet-onnx-'));
  });
  after(() => rm(folder, { recursive: true }));
  async function write(name: string, onnx: Uint8Array): Promise<string> {
    const path = join(folder, name);
    await writeFile(path, onnx);
    return path;
  }

  it('gives the results of its checkpoint, however outputs are processed', async () => {
    const requests: readonly OutputRequest[] = [
      { name: 'logits' },
      { name: 'probabilities' },
      { name: 'embedding', normalize: true },
      { name: 'unpooled' },
      { name: 'stage2', pool: 'gem' },
      { name: 'stage3', pool: 'avg' },
      { name: 'stage4', pool: 'grid:3' },
    ];
    const more = ['unpooled', 'stage2', 'stage3', 'stage4'];
    const path = await write('all.onnx', await converted('demo', { more }));
    const { data } = await readBytes('fixtures/demo-samples/samples.npy');
    const pixels = data.slice(0, 128 * 128 * 3);
    const own = await compute(path, requests, pixels);
    const checkpoint = await compute('demo', requests, pixels);
    assert.deepEqual(Object.keys(own), Object.keys(checkpoint));
    for (const [name, values] of Object.entries(checkpoint)) {
      const error = relativeError(own[name] ?? [], values);
      assert.ok(error < 1e-5, `${name}: ${error}`);
    }
  });

  it('keeps the metadata of its checkpoint, and the preprocessing that it was converted with', async () => {
    const preprocessing = {
      imageSize: { height: 64, width: 128 },
      cropPct: 0.5,
      mean: [0, 0.25, 1],
    } as const;
    const path = await write('other.onnx', await converted('demo', { preprocessing }));
    const [own, checkpoint] = [(await open(path)).config, (await open('demo')).config];
    assert.equal(own.architecture, checkpoint.architecture);
    assert.equal(own.numClasses, 16);
    assert.deepEqual(own.labelNames, checkpoint.labelNames);
    assert.equal(own.labelNames?.length, 16);
    assert.deepEqual(own.labelDescriptions, checkpoint.labelDescriptions);
    const { imageSize, ...settings } = preprocessing;
    assert.deepEqual(own.pretrained, { ...checkpoint.pretrained, ...imageSize, ...settings });
  });

  it('builds only what an output needs', async () => {
    const path = await write('two.onnx', await converted('demo', { more: ['stage0'] }));
    const source = await open(path);
    assert.deepEqual(source.outputs, ['logits', 'embedding', 'stage0']);
    const whole = source.build([{ name: 'logits' }], {}).graph;
    const early = source.build([{ name: 'stage0' }], {}).graph;
    assert.ok(early.nodes.length < whole.nodes.length / 5);
    assert.ok(early.initializers.size < whole.initializers.size / 5);
  });

  it('lists its outputs, and how to convert it with missing ones', async () => {
    const source = await open(await write('plain.onnx', await converted('demo')));
    assert.throws(
      () => source.build([{ name: 'stage1' }, { name: 'stage2' }], {}),
      (error) => {
        assert.ok(error instanceof ModelError);
        assert.match(error.message, /plain\.onnx has no output "stage1"; it has logits, embedding$/);
        assert.match(error.hint ?? '', /halonet convert .*--outputs logits,embedding,stage1,stage2$/);
        return true;
      },
    );
  });

  it('has its embedding only as its model pools it', async () => {
    const { build } = await open(await write('pooled.onnx', await converted('demo', { more: ['unpooled'] })));
    assert.throws(
      () => build([{ name: 'embedding', pool: 'max' }], {}),
      (error) => {
        assert.ok(error instanceof ModelError);
        assert.match(error.message, /pooled\.onnx holds its embedding .*: it cannot be pooled by max$/);
        assert.match(error.hint ?? '', /checkpoint/);
        return true;
      },
    );
  });

  it('refuses a different size, mean or std, and accepts a different crop', async () => {
    const { build } = await open(await write('fixed.onnx', await converted('demo')));
    const logits = [{ name: 'logits' }];
    const refusals = [
      [
        { imageSize: { height: 256, width: 128 } },
        /fixed\.onnx: --image-size is fixed at 128x128; received 256x128$/,
      ],
      [{ mean: [0, 0, 0] }, /fixed\.onnx: --mean is fixed at 0\.485,0\.456,0\.406; received 0,0,0$/],
      [{ std: [1, 1, 1] }, /fixed\.onnx: --std is fixed at 0\.229,0\.224,0\.225; received 1,1,1$/],
    ] as const;
    for (const [overrides, message] of refusals) assert.throws(() => build(logits, overrides), message);
    build(logits, { imageSize: { height: 128, width: 128 }, std: [0.229, 0.224, 0.225], cropPct: 0.5 });
  });

  it('refuses a file that halonet did not make, and states what it lacks', async () => {
    for (const metadata of [{}, { made: 'elsewhere' }]) {
      const path = await write('foreign.onnx', encodeOnnx(sample, metadata));
      await assert.rejects(open(path), (error) => {
        assert.ok(error instanceof FormatError);
        assert.match(error.message, /was not written by halonet convert .*no "halonet"/);
        assert.match(error.hint ?? '', /halonet convert MODEL --output FILE\.onnx/);
        return true;
      });
    }
  });

  it('refuses invalid metadata', async () => {
    const record = (await open('demo')).config.pretrained;
    const valid = {
      version: 1,
      toolVersion: 'x',
      architecture: 'a',
      precision: 'fp32',
      numClasses: 2,
      preprocessing: record,
      outputs: [],
    };
    const cases: readonly (readonly [string, RegExp])[] = [
      ['{', /not valid JSON/],
      ['[]', /expected an object/],
      [JSON.stringify({ ...valid, version: 2 }), /version 2; expected 1/],
      [JSON.stringify({ ...valid, precision: 'int8' }), /precision: expected one of "fp32", "fp16"/],
      [JSON.stringify({ ...valid, labelNames: ['one'] }), /labelNames: expected a list of 2/],
      [JSON.stringify({ ...valid, preprocessing: { ...record, std: [1] } }), /preprocessing\.std: expected/],
      [
        JSON.stringify(valid),
        /its input is x: float32 \[batch, 2\]; .* pixels: uint8 \[batch, 128, 128, 3\]/,
      ],
    ];
    for (const [text, message] of cases) {
      const path = await write('invalid.onnx', encodeOnnx(sample, { halonet: text }));
      await assert.rejects(open(path), (error) => {
        assert.ok(error instanceof HalonetError);
        assert.match(error.message, message);
        return true;
      });
    }
  });

  it('reads or refuses a file with a changed byte, and refuses a truncated one', async () => {
    const onnx = await converted(SMALL);
    const outputs = [{ name: 'probabilities' }, { name: 'embedding' }];
    const path = join(folder, 'damaged.onnx');
    const tryOut = async (bytes: Uint8Array, what: string) => {
      await writeFile(path, bytes);
      try {
        (await open(path)).build(outputs, {});
        return 1;
      } catch (error) {
        assert.ok(error instanceof HalonetError, `${what}: ${(error as Error).stack}`);
        return 0;
      }
    };
    assert.equal(await tryOut(onnx, 'whole'), 1);
    let read = 0;
    for (let at = 0; at < 12_000; at += 17) {
      const changed = onnx.slice();
      changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8));
      read += await tryOut(changed, `byte ${at}`);
    }
    assert.ok(read > 50 && read < 650, `${read}`); // names may change; most numbers may not
    for (let length = 0; length < onnx.byteLength; length += 1 + Math.floor(onnx.byteLength / 200)) {
      assert.equal(await tryOut(onnx.subarray(0, length), `cut at ${length}`), 0);
    }
  });

  it('recognises an upper-case extension, and reports a missing file', async () => {
    await assert.rejects(open(join(folder, 'missing.onnx')), /missing\.onnx": no such file/);
    const path = await write('upper.ONNX', await readFile(join(folder, 'plain.onnx')));
    assert.equal((await open(path)).config.architecture, 'halonet_demo');
  });
});
