import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { encodeOnnx } from '../../src/formats/onnx/encode.js';
import { parseSafetensors } from '../../src/formats/safetensors.js';
import { buildModel } from '../../src/model/build.js';
import type { NetworkConfig } from '../../src/model/config/network.js';
import { parseModelConfig } from '../../src/model/config-file/parse.js';
import type { BatchOutputs } from '../../src/runtime/protocol.js';
import { Session } from '../../src/runtime/session.js';
import { asFloat32, type Tensor } from '../../src/tensor.js';
import { onCpu } from '../support/demo.js';
import { readBytes, readFloats } from '../support/read-npy.js';
import { relativeError } from '../support/relative-error.js';

const BOUND = 1e-4;

/** A folder of timm's outputs, described in fixtures/parity/README.md. */
export interface Golden {
  readonly folder: string;
  readonly stageShape: readonly (readonly number[])[];
  readonly stageStride: readonly number[];
  readonly pretrained: { readonly input_size: number[]; readonly mean: number[]; readonly std: number[] };
}

export function readGolden(folder: string): Golden {
  const json = JSON.parse(readFileSync(`${folder}/config.json`, 'utf8'));
  return {
    folder,
    stageShape: json.stage_shape,
    stageStride: json.stage_stride,
    pretrained: json.pretrained_cfg,
  };
}

/** Lists the golden folders in a directory, sorted. */
export function goldensIn(directory: string): readonly Golden[] {
  return readdirSync(directory)
    .sort()
    .map((name) => `${directory}/${name}`)
    .filter((folder) => existsSync(`${folder}/model.safetensors`))
    .map(readGolden);
}

/** Names the outputs that timm computed, as we call them. */
function expectedOutputs({ folder, stageShape }: Golden): readonly string[] {
  const stages = stageShape.map((_, i) => `stage${i}`);
  const logits = existsSync(`${folder}/logits.npy`) ? ['logits'] : [];
  return [...logits, 'embedding', 'unpooled', ...stages];
}

/** Computes all outputs for the two golden images. */
export async function compute(
  golden: Golden,
  network: NetworkConfig,
  tensors: ReadonlyMap<string, Tensor>,
): Promise<BatchOutputs> {
  const [, height = 0, width = 0] = golden.pretrained.input_size;
  const [mr = 0, mg = 0, mb = 0] = golden.pretrained.mean;
  const [sr = 0, sg = 0, sb = 0] = golden.pretrained.std;
  const { graph } = buildModel(
    {
      network,
      height,
      width,
      mean: [mr, mg, mb],
      std: [sr, sg, sb],
      outputs: expectedOutputs(golden).map((name) => ({ name })),
    },
    tensors,
    golden.folder,
  );
  const session = await Session.open(encodeOnnx(graph), onCpu(1));
  try {
    const { data } = await readBytes(`${golden.folder}/pixels.npy`);
    return (await session.run(data, [2, height, width, 3])).outputs;
  } finally {
    await session.close();
  }
}

/** Computes all outputs of a checkpoint in the golden folder. */
export function computeFolder(golden: Golden, weightsFile = 'model.safetensors'): Promise<BatchOutputs> {
  const path = `${golden.folder}/config.json`;
  const weights = `${golden.folder}/${weightsFile}`;
  const network = parseModelConfig(readFileSync(path, 'utf8'), path);
  return compute(golden, network, parseSafetensors(readFileSync(weights), weights));
}

/** Thins a map like the golden files, which keep every `stride`-th row and column of the first image. */
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

/** Compares every output with timm's: shapes, relative errors, and the order of the top five classes. */
export async function assertEqualsTimm(golden: Golden, outputs: BatchOutputs): Promise<void> {
  const tooFar: Record<string, number> = {};
  for (const name of expectedOutputs(golden)) {
    const { data: wanted } = await readFloats(`${golden.folder}/${name}.npy`);
    const output = outputs[name];
    assert.ok(output, `no output ${name}`);
    const values = asFloat32(output.data);
    const stage = /^stage(\d+)$/.exec(name)?.[1];
    const shape = stage === undefined ? undefined : golden.stageShape[Number(stage)];
    if (shape !== undefined) assert.deepEqual(output.shape, [2, ...shape], name);
    const stride = stage === undefined ? 1 : (golden.stageStride[Number(stage)] ?? 1);
    // unpooled has only the first image
    const actual = shape === undefined ? values.subarray(0, wanted.length) : thinned(values, shape, stride);
    const error = relativeError(actual, wanted);
    if (!(error <= BOUND)) tooFar[name] = error;
    if (name === 'logits') assertSameClasses(values, wanted);
  }
  assert.deepEqual(tooFar, {});
}

function assertSameClasses(actual: Float32Array, wanted: Float32Array): void {
  const classes = wanted.length / 2;
  for (const image of [0, 1]) {
    const of = (logits: Float32Array) => top5(logits.subarray(image * classes, (image + 1) * classes));
    assert.deepEqual(of(actual), of(wanted), `the first five classes of image ${image}`);
  }
}
