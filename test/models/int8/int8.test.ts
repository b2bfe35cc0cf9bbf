import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { ModelError } from '../../../src/errors.js';
import { BrokenPath, FileItem } from '../../../src/file-item.js';
import { encodeOnnx } from '../../../src/formats/onnx/encode.js';
import { hubSettingsFromEnv } from '../../../src/hub/settings.js';
import { decodeImage } from '../../../src/images/decode.js';
import type { Item } from '../../../src/item.js';
import { calibrated, quantize } from '../../../src/models/int8/int8.js';
import { openModel } from '../../../src/models/open-model.js';
import { type EvaluationOverrides, overridden, preprocessingOf } from '../../../src/models/preprocessing.js';
import { CLASS_NAMES, drawings } from '../../drawing/draw.js';
import { DEMO_MODEL } from '../../support/demo.js';
import { copyDemo, isCalibration } from '../../support/demo-copy.js';
import { runOnnx } from '../../support/run-onnx.js';

const HUB = hubSettingsFromEnv({}, '/nowhere');
const PER_CLASS = 25;
const BOUND = 0.99;

const shapes = ['arrow.png', 'cross.gif', 'heart.png', 'ring.svg', 'spiral.jpg', 'star.webp', 'square.tiff'];
const textures = ['dots.png', 'checkerboard.jpg', 'waves.webp', 'zigzag.jpg'];
const IMAGES: readonly Item[] = [
  ...shapes.map((name) => `fixtures/images/shapes/${name}`),
  ...textures.map((name) => `fixtures/images/textures/${name}`),
].map((path) => new FileItem(path));

interface Given {
  readonly images?: readonly Item[];
  readonly fresh?: boolean;
  readonly overrides?: EvaluationOverrides;
}

/** Calibrates a model as a job does; `asked` reports whether it asked for the images. */
async function calibrate(model: string, { images = IMAGES, fresh = false, overrides = {} }: Given = {}) {
  const source = await openModel(model, { hub: HUB });
  const preprocessing = preprocessingOf(overridden(source.config.pretrained, overrides), {
    autoOrient: true,
    decode: 'exact',
  });
  let asked = false;
  const found = await calibrated(source, overrides, {
    images: async () => {
      asked = true;
      return images;
    },
    decode: (item) => decodeImage(item, preprocessing),
    threads: 1,
    fresh,
  });
  if (found === undefined) return assert.fail('there was nothing to measure the model on');
  return { ...found, asked };
}

describe('int8', () => {
  let root: string;
  let count = 0;
  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'halonet-int8-'));
  });
  after(() => rm(root, { recursive: true }));
  /** A copy of the demo model for one test. */
  async function model(measured = false): Promise<string> {
    const folder = join(root, `model-${count++}`);
    await copyDemo(folder, { measured });
    return folder;
  }
  const kept = async (folder: string) => (await readdir(folder)).filter(isCalibration);

  it(`keeps the top class of ${BOUND * 100} % of unseen drawings with the demo model's calibration`, async () => {
    const source = await openModel('demo', { hub: HUB });
    const { calibration, asked } = await calibrate('demo');
    assert.ok(!asked, 'the file in assets/demo-model is of another graph: see make-demo-calibration.ts');
    const { graph } = source.build([{ name: 'logits' }], {});
    const [floats, integers] = [encodeOnnx(graph), encodeOnnx(quantize(graph, calibration))];
    const drawn = drawings(PER_CLASS);
    let same = 0;
    for (let i = 0; i < drawn.length; i += PER_CLASS) {
      const images = await Promise.all(
        drawn
          .slice(i, i + PER_CLASS)
          .map(({ svg }) => sharp(Buffer.from(svg)).removeAlpha().raw().toBuffer()),
      );
      const classesOf = async (onnx: Uint8Array) => {
        const pixels = new Uint8Array(Buffer.concat(images));
        const { logits = new Float32Array() } = await runOnnx(onnx.slice(), pixels, images.length);
        return images.map((_, row) => {
          const scores = logits.subarray(row * CLASS_NAMES.length, (row + 1) * CLASS_NAMES.length);
          return scores.indexOf(Math.max(...scores));
        });
      };
      const [own, rounded] = [await classesOf(floats), await classesOf(integers)];
      same += own.filter((best, row) => best === rounded[row]).length;
    }
    assert.ok(same >= BOUND * drawn.length, `${same} of ${drawn.length}`);
  });

  it('ships with a small calibration of all classes for the demo model', async () => {
    const { calibration, measured, path } = await calibrate(await model(true), { images: [] });
    assert.ok(!measured);
    assert.equal(calibration.images, 4 * CLASS_NAMES.length);
    assert.ok((calibration.agreement.sameTop1 ?? 0) >= BOUND * calibration.images);
    const bytes = await readFile(path);
    assert.ok(bytes.byteLength < 4096);
    assert.equal((await kept(DEMO_MODEL)).length, 1, 'one of another graph is left');
  });

  it('saves its calibration beside the checkpoint, and reuses it', async () => {
    const folder = await model();
    const first = await calibrate(folder);
    assert.ok(first.measured && first.asked);
    assert.equal(first.notKept, undefined);
    assert.deepEqual(
      [first.path],
      (await kept(folder)).map((name) => join(folder, name)),
    );
    assert.equal(first.calibration.images, IMAGES.length);
    const second = await calibrate(folder);
    assert.ok(!second.measured && !second.asked);
    assert.deepEqual(second.calibration, first.calibration);
  });

  it('measures again on request, and saves the result', async () => {
    const folder = await model();
    const first = await calibrate(folder);
    const other = await calibrate(folder, { fresh: true, images: IMAGES.slice(0, 8) });
    assert.ok(other.measured);
    assert.equal(other.calibration.images, 8);
    assert.equal(other.path, first.path);
    assert.deepEqual((await calibrate(folder)).calibration, other.calibration);
  });

  it('saves a file for each size and normalisation of images', async () => {
    const folder = await model();
    const variants: readonly EvaluationOverrides[] = [
      {},
      { imageSize: { height: 64, width: 128 } },
      { mean: [0.5, 0.5, 0.5] },
      { std: [0.5, 0.5, 0.5] },
    ];
    for (const overrides of variants) {
      assert.ok((await calibrate(folder, { overrides, images: IMAGES.slice(0, 8) })).measured);
    }
    assert.equal((await kept(folder)).length, variants.length);
    for (const overrides of variants) assert.ok(!(await calibrate(folder, { overrides })).measured);
  });

  it('measures again if the file is damaged, of another model, or lacks a range', async () => {
    const folder = await model();
    const { path, calibration } = await calibrate(folder);
    const whole = JSON.parse(await readFile(path, 'utf8'));
    const [value = ''] = calibration.ranges.keys();
    const unusable: Readonly<Record<string, string>> = {
      empty: '',
      'cut off': JSON.stringify(whole).slice(0, 500),
      'no object': '[]',
      foreign: JSON.stringify({ ...whole, model: 'f'.repeat(64) }),
      'of another version': JSON.stringify({ ...whole, version: 2 }),
      'without a range': JSON.stringify({ ...whole, ranges: { ...whole.ranges, [value]: undefined } }),
      'a range of words': JSON.stringify({ ...whole, ranges: { ...whole.ranges, [value]: ['a', 'b'] } }),
    };
    for (const [what, content] of Object.entries(unusable)) {
      await writeFile(path, content);
      const again = await calibrate(folder);
      assert.ok(again.measured, what);
      assert.deepEqual(again.calibration, calibration, what);
      assert.ok(!(await calibrate(folder)).measured, what);
    }
  });

  it('measures again if the weights have changed', async () => {
    const folder = await model();
    const { path } = await calibrate(folder);
    const weights = await readFile(join(folder, 'model.safetensors'));
    weights[weights.length - 1] = (weights.at(-1) ?? 0) ^ 1;
    await writeFile(join(folder, 'model.safetensors'), weights);
    const other = await calibrate(folder);
    assert.ok(other.measured);
    assert.notEqual(other.path, path);
  });

  it('measures again if the config derives other constants from the same weights', async () => {
    const folder = await model();
    const { path } = await calibrate(folder);
    const config = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8'));
    config.model_cfg.norm_layer = { type: 'batchnorm', eps: 1e-3 };
    await writeFile(join(folder, 'config.json'), JSON.stringify(config));
    const other = await calibrate(folder);
    assert.ok(other.measured);
    assert.notEqual(other.path, path);
  });

  it('continues if the file cannot be written, and reports why', async () => {
    const folder = await model();
    const { path } = await calibrate(folder);
    await rm(path);
    await mkdir(path); // even root cannot put a file there
    const { measured, notKept, calibration } = await calibrate(folder);
    assert.ok(measured);
    assert.ok(notKept?.includes(path), notKept);
    assert.ok(calibration.ranges.size > 0);
    assert.deepEqual(await kept(folder), [path.slice(folder.length + 1)]); // no unfinished files are left
  });

  it('uses the images that can be read, and needs at least one', async () => {
    const missing: readonly Item[] = [
      new FileItem('/no/such/image.png'),
      new BrokenPath('/no', { code: 'not_found', message: 'no such file' }),
      new FileItem('README.md'),
    ];
    const folder = await model();
    for (const [images, message] of [
      [missing, /needs images to calibrate.* none of 3 could be read \(\/no.*: .*\)/],
      [[], /needs images to calibrate.* there is none$/],
    ] as const) {
      await assert.rejects(calibrate(folder, { images, fresh: true }), (error) => {
        assert.ok(error instanceof ModelError);
        assert.match(error.message, message);
        assert.match(error.hint ?? '', /--calibration FOLDER/);
        return true;
      });
    }
    assert.deepEqual(await kept(folder), []);
    const { calibration } = await calibrate(folder, { images: [...missing, ...IMAGES.slice(0, 1)] });
    assert.equal(calibration.images, 1);
    assert.ok([...calibration.ranges.values()].some(({ min, max }) => max > min));
    assert.equal((await kept(folder)).length, 1);
  });

  it('clips the extremes of one image in 32', async () => {
    const star = new FileItem('fixtures/images/shapes/star.webp');
    const other = new FileItem('fixtures/images/textures/checkerboard.jpg');
    const rangesOf = async (images: readonly Item[]) =>
      (await calibrate(await model(), { images })).calibration.ranges;
    const stars = await rangesOf(Array.from({ length: 32 }, () => star));
    assert.deepEqual(await rangesOf([other, ...Array.from({ length: 31 }, () => star)]), stars);
    assert.notDeepEqual(await rangesOf([other, ...Array.from({ length: 30 }, () => star)]), stars);
  });

  it('samples many images from across the list', async () => {
    const many: readonly Item[] = Array.from(
      { length: 640 },
      (_, i) =>
        new FileItem(i < 320 ? 'fixtures/images/shapes/star.webp' : 'fixtures/images/textures/dots.png'),
    );
    const seen: string[] = [];
    const source = await openModel(await model(), { hub: HUB });
    const preprocessing = preprocessingOf(source.config.pretrained, { autoOrient: true, decode: 'exact' });
    const found = await calibrated(
      source,
      {},
      {
        images: async () => many,
        decode: (item) => {
          seen.push(item.id);
          return decodeImage(item, preprocessing);
        },
        threads: 1,
        fresh: false,
      },
    );
    assert.equal(found?.calibration.images, 64);
    assert.equal(seen.length, 64);
    const stars = seen.filter((path) => path.includes('star')).length;
    assert.ok(stars >= 30 && stars <= 34, `${stars} of the first half`);
  });

  it('refuses a model that computes NaN or infinity', async () => {
    for (const std of [1e-45, 1e-38]) {
      const overrides: EvaluationOverrides = { std: [std, std, std] };
      await assert.rejects(calibrate(await model(), { overrides }), /computes NaN or infinity/);
    }
  });
});
