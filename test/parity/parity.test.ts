import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { encodeOnnx } from '../../src/formats/onnx/encode.js';
import { parseSafetensors } from '../../src/formats/safetensors.js';
import { buildModel } from '../../src/model/build.js';
import { ARCHITECTURES } from '../../src/model/config/architectures/index.js';
import type { ByoModelCfg } from '../../src/model/config/byo-cfg.js';
import { parseModelConfig } from '../../src/model/config/parse.js';
import type { BatchOutputs } from '../../src/runtime/protocol.js';
import { Session } from '../../src/runtime/session.js';
import { asFloat32, type Tensor } from '../../src/tensor.js';
import { readBytes, readFloats } from '../support/read-npy.js';
import { relativeError } from '../support/relative-error.js';
import { generateCheckpoint } from './generated-weights.js';

const BOUND = 1e-4;
const STAGES = ['stage0', 'stage1', 'stage2', 'stage3', 'stage4'];
const OUTPUTS = ['logits', 'embedding', 'unpooled', ...STAGES];

interface Golden {
  readonly folder: string;
  readonly stageShape: readonly (readonly number[])[];
  readonly stageStride: readonly number[];
  readonly pretrained: { readonly input_size: number[]; readonly mean: number[]; readonly std: number[] };
}

function readGolden(folder: string): Golden {
  const json = JSON.parse(readFileSync(`${folder}/config.json`, 'utf8'));
  return {
    folder,
    stageShape: json.stage_shape,
    stageStride: json.stage_stride,
    pretrained: json.pretrained_cfg,
  };
}

/** All outputs for the two golden images. */
async function compute(
  golden: Golden,
  cfg: ByoModelCfg,
  numClasses: number,
  tensors: ReadonlyMap<string, Tensor>,
): Promise<BatchOutputs> {
  const [, height = 0, width = 0] = golden.pretrained.input_size;
  const [mr = 0, mg = 0, mb = 0] = golden.pretrained.mean;
  const [sr = 0, sg = 0, sb = 0] = golden.pretrained.std;
  const { graph } = buildModel(
    {
      ...{ cfg, numClasses, height, width, mean: [mr, mg, mb], std: [sr, sg, sb] },
      outputs: OUTPUTS.map((name) => ({ name })),
    },
    tensors,
    golden.folder,
  );
  const session = await Session.open(encodeOnnx(graph), 2);
  try {
    const { data } = await readBytes(`${golden.folder}/pixels.npy`);
    return (await session.run(data, [2, height, width, 3])).outputs;
  } finally {
    await session.close();
  }
}

/** All outputs of the checkpoint that lies with the golden files. */
function computeFolder(golden: Golden): Promise<BatchOutputs> {
  const path = `${golden.folder}/config.json`;
  const { cfg, numClasses } = parseModelConfig(readFileSync(path, 'utf8'), path);
  const weights = `${golden.folder}/model.safetensors`;
  return compute(golden, cfg, numClasses, parseSafetensors(readFileSync(weights), weights));
}

/** The golden files keep every `stride`-th row and column of the first image's map. */
function thinned(
  values: Float32Array,
  [c = 0, h = 0, w = 0]: readonly number[],
  stride: number,
): Float32Array {
  const result: number[] = [];
  for (let i = 0; i < c * h * w; i++) {
    if ((Math.floor(i / w) % h) % stride === 0 && (i % w) % stride === 0)
      result.push(values[i] ?? Number.NaN);
  }
  return Float32Array.from(result);
}

const top5 = (logits: Float32Array) =>
  [...logits.keys()].sort((a, b) => (logits[b] ?? 0) - (logits[a] ?? 0)).slice(0, 5);

function parityTests(name: string, golden: Golden, load: () => Promise<BatchOutputs>): void {
  describe(name, () => {
    let outputs: BatchOutputs;
    before(async () => {
      outputs = await load();
    });
    const values = (output: string) => asFloat32(outputs[output]?.data ?? new Uint8Array());
    const expected = async (output: string) => (await readFloats(`${golden.folder}/${output}.npy`)).data;
    const check = (actual: Float32Array, wanted: Float32Array) => {
      const error = relativeError(actual, wanted);
      assert.ok(error <= BOUND, `relative error ${error}`);
    };

    for (const output of ['logits', 'embedding']) {
      it(`${output} equals timm's`, async () => check(values(output), await expected(output)));
    }
    it("unpooled equals timm's", async () => {
      const wanted = await expected('unpooled'); // of the first image alone
      check(values('unpooled').subarray(0, wanted.length), wanted);
    });
    for (const [i, stage] of STAGES.entries()) {
      it(`${stage} equals timm's`, async () => {
        const shape = golden.stageShape[i] ?? [];
        assert.deepEqual(outputs[stage]?.shape, [2, ...shape]);
        check(thinned(values(stage), shape, golden.stageStride[i] ?? 1), await expected(stage));
      });
    }
    it("the first five classes are timm's, in timm's order", async () => {
      const [actual, wanted] = [values('logits'), await expected('logits')];
      const classes = wanted.length / 2;
      for (const image of [0, 1]) {
        const of = (logits: Float32Array) => top5(logits.subarray(image * classes, (image + 1) * classes));
        assert.deepEqual(of(actual), of(wanted));
      }
    });
  });
}

describe('parity with timm', () => {
  for (const option of readdirSync('fixtures/parity/options')) {
    const golden = readGolden(`fixtures/parity/options/${option}`);
    parityTests(`option ${option}`, golden, () => computeFolder(golden));
  }

  for (const architecture of ['halonet26t', 'halonet50ts']) {
    const small = readGolden(`fixtures/parity/architectures/${architecture}`);
    parityTests(`${architecture} at a quarter of its width, from safetensors`, small, () =>
      computeFolder(small),
    );

    const full = readGolden(`fixtures/parity/fullsize/${architecture}`);
    parityTests(`${architecture} at full size, with generated weights`, full, async () => {
      const cfg = ARCHITECTURES[architecture]?.cfg;
      assert.ok(cfg);
      return compute(full, cfg, 1000, generateCheckpoint(architecture));
    });
  }
});
