import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { type Axis, type Preprocessing, planResize } from '../../src/images/geometry.js';
import { HALONET, PHOTOS } from './support.js';

/** A setting of timm's transform, and how it resizes and crops images; see make_geometry.py. */
interface TimmGeometry {
  readonly height: number;
  readonly width: number;
  readonly pct: number;
  readonly mode: Preprocessing['cropMode'];
  readonly interpolation: Preprocessing['interpolation'];
  readonly filter: Preprocessing['interpolation'];
  readonly fill: Preprocessing['fill'] | null; // null: nothing is padded
  readonly images: readonly (readonly [number, number, number, number, number, number])[];
}

const kept = ({ resized, first, count, at }: Axis) => [resized, first, count, at];

describe('planResize', () => {
  it('resizes the shorter side to floor(size / crop_pct) and truncates the longer one', () => {
    // 272 = floor(256 / 0.94); 272 * 451 / 300 = 408.9; (408 - 256) / 2 = 76
    const plan = planResize({ width: 451, height: 300 }, HALONET);
    assert.deepEqual(kept(plan.horizontal), [408, 76, 256, 0]);
    assert.deepEqual(kept(plan.vertical), [272, 8, 256, 0]);
    assert.equal(plan.horizontal.source, 451);
    const upright = planResize({ width: 300, height: 451 }, HALONET);
    assert.deepEqual(kept(upright.vertical), kept(plan.horizontal));
  });

  it('rounds a half crop offset to the even neighbour', () => {
    const offset = (width: number) =>
      planResize({ width, height: 256 }, { ...HALONET, cropPct: 1 }).horizontal.first;
    assert.deepEqual([257, 258, 259, 260, 261, 263].map(offset), [0, 1, 2, 2, 2, 4]); // 0.5, 1, 1.5, 2, 2.5, 3.5
  });

  it('pads an image that a crop_pct above 1 makes too small, with the odd pixel on the right', () => {
    // floor(256 / 1.05) = 243
    const plan = planResize({ width: 500, height: 500 }, { ...HALONET, cropPct: 1.05 });
    assert.deepEqual(kept(plan.horizontal), [243, 0, 243, 6]);
    assert.deepEqual(plan.fill, [0, 0, 0]);
  });

  it('squashes each side independently, whatever the aspect ratio', () => {
    const plan = planResize(
      { width: 1000, height: 90 },
      { ...HALONET, width: 320, cropMode: 'squash', cropPct: 0.9 },
    );
    assert.deepEqual(kept(plan.horizontal), [355, 18, 320, 0]); // 355.6; 17.5
    assert.deepEqual(kept(plan.vertical), [284, 14, 256, 0]); // 284.4
  });

  it('fits the longer side in border mode and pads with the fill colour', () => {
    const border = { ...HALONET, cropMode: 'border', cropPct: 1 } as const;
    const plan = planResize({ width: 1000, height: 501 }, border);
    assert.deepEqual(kept(plan.horizontal), [256, 0, 256, 0]);
    assert.deepEqual(kept(plan.vertical), [128, 0, 128, 64]); // 128.3
    assert.deepEqual(plan.fill, [124, 116, 104]);
    const half = planResize({ width: 512, height: 253 }, border);
    assert.equal(half.vertical.resized, 126); // 126.5
  });

  it('keeps one pixel of a line that is too thin for border mode', () => {
    const plan = planResize({ width: 8000, height: 2 }, { ...HALONET, cropMode: 'border' });
    assert.deepEqual(kept(plan.vertical), [1, 0, 1, 127]);
  });

  it("covers a target that is not square, with timm's bilinear default", () => {
    // 288 = floor(256 / 0.888), 216 = floor(192 / 0.888): the ratio is min(600 / 216, 800 / 288) on both sides
    const plan = planResize({ width: 1000, height: 600 }, { ...HALONET, height: 192, cropPct: 0.888 });
    assert.deepEqual(kept(plan.horizontal), [360, 52, 256, 0]);
    assert.deepEqual(kept(plan.vertical), [216, 12, 192, 0]);
    assert.equal(plan.interpolation, 'bilinear');
    assert.equal(planResize({ width: 1000, height: 600 }, HALONET).interpolation, 'bicubic');
  });
});

describe("timm's geometry", () => {
  const settings: readonly TimmGeometry[] = JSON.parse(readFileSync(`${PHOTOS}/geometry.json`, 'utf8'));

  it('has fixtures for every crop mode, square and not, padded and not', () => {
    const kinds = new Set(settings.map(({ mode, height, width }) => `${mode} ${height === width}`));
    assert.equal(kinds.size, 6);
    assert.equal(settings.filter(({ mode, fill }) => mode === 'center' && fill !== null).length, 1);
  });

  for (const { height, width, pct, mode, interpolation, filter, fill, images } of settings) {
    it(`matches planResize for ${width} x ${height} at ${pct}, ${mode}, ${interpolation}`, () => {
      assert.ok(images.length > 80, `${images.length} images`);
      const preprocessing = { ...HALONET, height, width, cropPct: pct, cropMode: mode, interpolation };
      for (const [sourceWidth, sourceHeight, resizedWidth, resizedHeight, left, top] of images) {
        const source = { width: sourceWidth, height: sourceHeight };
        const plan = planResize(source, preprocessing);
        const what = `${sourceWidth} x ${sourceHeight}`;
        assert.deepEqual(plan.horizontal, cropped(sourceWidth, resizedWidth, left, width), what);
        assert.deepEqual(plan.vertical, cropped(sourceHeight, resizedHeight, top, height), what);
        assert.equal(plan.interpolation, filter);
        if (fill !== null) assert.deepEqual(plan.fill, fill);
      }
    });
  }
});

/** An axis whose output starts at this resized pixel; a negative one means padding. */
function cropped(source: number, resized: number, begin: number, output: number): Axis {
  const count = Math.min(resized, output);
  return { source, resized, first: Math.max(0, begin), count, at: Math.max(0, -begin) };
}
