import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { ModelError } from '../../src/errors.js';
import { encodeOnnx } from '../../src/formats/onnx/encode.js';
import { parseSafetensors } from '../../src/formats/safetensors.js';
import type { Graph } from '../../src/graph.js';
import { buildModel } from '../../src/model/build.js';
import type { NetworkConfig } from '../../src/model/config/network.js';
import { parseModelConfig } from '../../src/model/config-file/parse.js';
import { GraphBuilder } from '../../src/model/graph-builder.js';
import { pooledMap } from '../../src/model/map-pools.js';
import type { OutputRequest } from '../../src/model/outputs.js';
import { toHalf } from '../../src/model/passes/half.js';
import { mulberry32 } from '../../src/random.js';
import { Session } from '../../src/runtime/session.js';
import { asFloat32 } from '../../src/tensor.js';
import { onCpu } from '../support/demo.js';
import { readBytes, readFloats } from '../support/read-npy.js';
import { relativeError } from '../support/relative-error.js';

const folder = 'assets/demo-model';
const DEMO = parseModelConfig(readFileSync(`${folder}/config.json`, 'utf8'), 'config.json');

interface Computed {
  readonly shape: readonly number[]; // for one image
  readonly values: Float32Array;
}

/** A network to compute outputs of, at an image size. */
interface Subject {
  readonly folder: string;
  readonly network: NetworkConfig;
  readonly height: number; // pixels
  readonly width: number;
  readonly pixels?: Uint8Array; // noise by default
}

const demo: Subject = { folder, network: DEMO, height: 128, width: 128 };

/** Computes one output of a network for an image of noise. */
async function computed(
  { folder: place, network, height, width, pixels = noise(height * width * 3) }: Subject,
  output: OutputRequest,
): Promise<Computed> {
  const tensors = parseSafetensors(readFileSync(`${place}/model.safetensors`), place);
  const { mean, std } = pretrainedOf(place);
  const { graph } = buildModel({ network, height, width, mean, std, outputs: [output] }, tensors, place);
  const session = await Session.open(encodeOnnx(graph), onCpu(1));
  try {
    const { outputs } = await session.run(pixels.slice(), [1, height, width, 3]);
    const found = outputs[output.name];
    assert.ok(found);
    return { shape: found.shape.slice(1), values: asFloat32(found.data) };
  } finally {
    await session.close();
  }
}

function noise(length: number): Uint8Array {
  const random = mulberry32(7);
  return Uint8Array.from({ length }, () => random() * 256);
}

const pretrainedOf = (place: string) =>
  parseModelConfig(readFileSync(`${place}/config.json`, 'utf8'), place).pretrained;

/** Applies a function to the values of each channel, and to the places of a cell if they are given. */
function perChannel(
  { shape: [channels = 0, height = 0, width = 0], values }: Computed,
  pool: (values: readonly number[]) => number,
  cells = 1,
): readonly number[] {
  const result: number[] = [];
  const range = (i: number, length: number) => {
    const from = Math.floor((i * length) / cells);
    return Array.from({ length: Math.ceil(((i + 1) * length) / cells) - from }, (_, at) => from + at);
  };
  for (let c = 0; c < channels; c++)
    for (let i = 0; i < cells; i++)
      for (let j = 0; j < cells; j++) {
        const inside = range(i, height).flatMap((y) =>
          range(j, width).map((x) => values[(c * height + y) * width + x] ?? Number.NaN),
        );
        result.push(pool(inside));
      }
  return result;
}

const mean = (values: readonly number[]) => values.reduce((sum, x) => sum + x, 0) / values.length;
const largest = (values: readonly number[]) => Math.max(...values);
const gem = (values: readonly number[]) => mean(values.map((x) => Math.max(x, 1e-6) ** 3)) ** (1 / 3);

type Expected = readonly [pool: string, values: readonly number[], shape: readonly number[]];

/** Pools a map as the poolings are defined, with grids of the given sizes. */
function expectedOf(map: Computed, grids: readonly number[]): readonly Expected[] {
  const [channels = 0] = map.shape;
  return [
    ['avg', perChannel(map, mean), [channels]],
    ['max', perChannel(map, largest), [channels]],
    ['gem', perChannel(map, gem), [channels]],
    ...grids.map((n): Expected => [`grid:${n}`, perChannel(map, mean, n), [channels, n, n]]),
  ];
}

/** Builds a graph that pools the pixels themselves, which half precision holds exactly. */
function pooledPixels(height: number, width: number, pool: string): Graph {
  const builder = new GraphBuilder();
  const input = { name: 'pixels', dtype: 'uint8', shape: ['batch', height, width, 3] } as const;
  builder.input(input);
  const planes = builder.transpose('planes', builder.cast('floats', input.name, 'float32'), [0, 3, 1, 2]);
  const map = { name: builder.add('positive', 'Relu', [planes]), shape: [3, height, width] };
  const { name, shape } = pooledMap(builder, 'map', map, pool);
  builder.add('map', 'Identity', [name]);
  return builder.build('pooled', [input], [{ name: 'map', dtype: 'float32', shape: ['batch', ...shape] }]);
}

describe('pooling of maps', () => {
  // The maps of stages 2 and 4 have 16 × 16 and 4 × 4 places, then 24 × 24 and 6 × 6, then 8 × 24 and 2 × 6.
  for (const [height, width] of [
    [128, 128],
    [192, 192],
    [64, 192],
  ] as const) {
    for (const stage of ['stage2', 'stage4']) {
      it(`follows the definitions, for ${stage} at ${height}x${width} pixels`, async () => {
        const subject = { ...demo, height, width };
        const map = await computed(subject, { name: stage });
        for (const [pool, values, shape] of expectedOf(map, [1, 2, 3, 4, 7])) {
          const found = await computed(subject, { name: stage, pool });
          assert.deepEqual(found.shape, shape, pool);
          assert.ok(relativeError(found.values, Float32Array.from(values)) < 1e-6, pool);
        }
      });
    }
  }

  it('sums in single precision where the map is in half precision', async () => {
    const [height, width] = [13, 20];
    const pixels = noise(height * width * 3);
    const map: Computed = {
      shape: [3, height, width],
      values: Float32Array.from(pixels, (_, i) => {
        const [c, place] = [Math.floor(i / (height * width)), i % (height * width)];
        return pixels[place * 3 + c] ?? Number.NaN;
      }),
    };
    for (const [pool, values] of expectedOf(map, [2, 3, 4, 5, 16])) {
      const session = await Session.open(encodeOnnx(toHalf(pooledPixels(height, width, pool))), onCpu(1));
      const running = session.run(pixels.slice(), [1, height, width, 3]);
      const { outputs } = await running.finally(() => session.close());
      const found = asFloat32(outputs.map?.data ?? new Uint8Array());
      assert.ok(relativeError(found, Float32Array.from(values)) < 1e-6, pool);
    }
  });

  it('refuses other names, and values that are no maps', async () => {
    for (const pool of ['grid:0', 'grid:17', 'grid:2x2', 'grid:', 'mean']) {
      await assert.rejects(computed(demo, { name: 'stage1', pool }), /no pooling .*\n?/, pool);
    }
    await assert.rejects(computed(demo, { name: 'logits', pool: 'avg' }), /"logits" is not a map/);
  });
});

describe('an embedding with another pooling', () => {
  it('pools the last map as timm names it', async () => {
    const map = await computed(demo, { name: 'unpooled' });
    const [averages, maxima] = [perChannel(map, mean), perChannel(map, largest)];
    const expected: Readonly<Record<string, readonly number[]>> = {
      avg: averages,
      max: maxima,
      avgmax: averages.map((average, i) => (average + (maxima[i] ?? 0)) / 2),
      catavgmax: [...averages, ...maxima],
    };
    for (const [pool, values] of Object.entries(expected)) {
      const { shape, values: found } = await computed(demo, { name: 'embedding', pool });
      assert.deepEqual(shape, [values.length], pool);
      assert.ok(relativeError(found, Float32Array.from(values)) < 1e-6, pool);
    }
  });

  // Networks that timm built with these poolings.
  for (const [name, pool] of [
    ['head-pool-max', 'max'],
    ['head-pool-avgmax', 'avgmax'],
    ['head-features-catavgmax', 'catavgmax'],
    ['head-mlp-pool-max', 'max'],
    ['head-mlp-pool-avgmax', 'avgmax'],
  ] as const) {
    it(`equals that of timm: ${name}`, async () => {
      const place = `fixtures/parity/options/${name}`;
      const network = { ...parseModelConfig(readFileSync(`${place}/config.json`, 'utf8'), place) };
      const { height, width } = network.pretrained;
      const { data } = await readBytes(`${place}/pixels.npy`);
      const subject: Subject = { folder: place, network: { ...network, globalPool: 'avg' }, height, width };
      const pixels = data.subarray(0, height * width * 3); // of the first image
      const found = await computed({ ...subject, pixels }, { name: 'embedding', pool });
      const timm = (await readFloats(`${place}/embedding.npy`)).data.subarray(0, found.values.length);
      assert.ok(relativeError(found.values, timm) < 1e-4, pool);
      const other = await computed({ ...subject, pixels }, { name: 'embedding' });
      const isOther = other.values.length !== timm.length || relativeError(other.values, timm) > 1e-2;
      assert.ok(isOther, 'the pooling makes a difference');
    });
  }

  it('is refused where the head has no such pooling', async () => {
    for (const [name, pool] of [
      ['head-attn-abs', 'max'],
      ['head-mlp', 'catavgmax'],
    ] as const) {
      const place = `fixtures/parity/options/${name}`;
      const network = parseModelConfig(readFileSync(`${place}/config.json`, 'utf8'), place);
      const { height, width } = network.pretrained;
      const subject: Subject = { folder: place, network, height, width };
      await assert.rejects(computed(subject, { name: 'embedding', pool }), ModelError);
    }
  });
});
