import assert from 'node:assert/strict';
import { type Axis, planResize } from '../../src/images/geometry.js';
import { HALONET } from './support.js';

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

  it('pads what a crop_pct above 1 makes too small, the odd pixel right and below', () => {
    // floor(256 / 1.05) = 243
    const plan = planResize({ width: 500, height: 500 }, { ...HALONET, cropPct: 1.05 });
    assert.deepEqual(kept(plan.horizontal), [243, 0, 243, 6]);
    assert.deepEqual(plan.fill, [0, 0, 0]);
  });

  it('squashes each side on its own, whatever the aspect ratio', () => {
    const plan = planResize(
      { width: 1000, height: 90 },
      { ...HALONET, width: 320, cropMode: 'squash', cropPct: 0.9 },
    );
    assert.deepEqual(kept(plan.horizontal), [355, 18, 320, 0]); // 355.6; 17.5
    assert.deepEqual(kept(plan.vertical), [284, 14, 256, 0]); // 284.4
  });

  it('fits the longer side in border mode and pads with the fill', () => {
    const border = { ...HALONET, cropMode: 'border', cropPct: 1 } as const;
    const plan = planResize({ width: 1000, height: 501 }, border);
    assert.deepEqual(kept(plan.horizontal), [256, 0, 256, 0]);
    assert.deepEqual(kept(plan.vertical), [128, 0, 128, 64]); // 128.3
    assert.deepEqual(plan.fill, [124, 116, 104]);
    const half = planResize({ width: 512, height: 253 }, border);
    assert.equal(half.vertical.resized, 126); // 126.5
  });

  it('keeps a pixel of a line too thin to survive border mode', () => {
    const plan = planResize({ width: 8000, height: 2 }, { ...HALONET, cropMode: 'border' });
    assert.deepEqual(kept(plan.vertical), [1, 0, 1, 127]);
  });

  it('covers a target that is not square, with the bilinear default of timm', () => {
    // 288 = floor(256 / 0.888), 216 = floor(192 / 0.888): the ratio is min(600 / 216, 800 / 288) on both sides
    const plan = planResize({ width: 1000, height: 600 }, { ...HALONET, height: 192, cropPct: 0.888 });
    assert.deepEqual(kept(plan.horizontal), [360, 52, 256, 0]);
    assert.deepEqual(kept(plan.vertical), [216, 12, 192, 0]);
    assert.equal(plan.interpolation, 'bilinear');
    assert.equal(planResize({ width: 1000, height: 600 }, HALONET).interpolation, 'bicubic');
  });
});
