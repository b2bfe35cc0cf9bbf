import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import sharp from 'sharp';
import { mulberry32 } from '../../src/random.js';
import { CLASS_NAMES, drawings, drawSvg } from './draw.js';

const render = (svg: string) =>
  sharp(Buffer.from(svg)).removeAlpha().raw().toBuffer({ resolveWithObject: true });

/** The largest standard deviation of a channel: 0 for a plain colour. */
async function spread(image: Uint8Array): Promise<number> {
  const { channels } = await sharp(image).stats();
  return Math.max(...channels.map(({ stdev }) => stdev));
}

describe('drawings', () => {
  it("cover the demo model's classes, in its order", () => {
    const config = JSON.parse(readFileSync('assets/demo-model/config.json', 'utf8'));
    assert.deepEqual(CLASS_NAMES, config.label_names);
  });

  it('depend on their seed, not on how many are requested', () => {
    assert.deepEqual(
      drawings(1),
      drawings(3).filter((_, i) => i % 3 === 0),
    );
  });

  it('differ from one another', () => {
    const all = drawings(4);
    assert.equal(new Set(all.map(({ svg }) => svg)).size, all.length);
    assert.equal(new Set(all.map(({ seed }) => seed)).size, all.length);
  });

  it('all show ink on paper', async () => {
    const all = drawings(2);
    assert.equal(all.length, 2 * CLASS_NAMES.length);
    for (const { className, seed, svg } of all) {
      const { data, info } = await render(svg);
      assert.deepEqual([info.width, info.height, info.channels], [128, 128, 3]);
      const deviation = await spread(await sharp(data, { raw: info }).png().toBuffer());
      assert.ok(deviation > 10, `${className} ${seed}: standard deviation ${deviation}`);
    }
  });

  it('keep shapes within the centred square', async () => {
    for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) {
      const { data, info } = await render(drawSvg('circle', mulberry32(seed), { width: 320, height: 240 }));
      const side = async (left: number) => {
        const crop = { left, top: 0, width: 40, height: 240 };
        return spread(await sharp(data, { raw: info }).extract(crop).png().toBuffer());
      };
      const all = await spread(await sharp(data, { raw: info }).png().toBuffer());
      for (const left of [0, 280]) {
        const beside = await side(left);
        assert.ok(beside < all / 2, `seed ${seed}: ${beside} in the 40 columns from ${left}, ${all} in all`);
      }
    }
  });
});
