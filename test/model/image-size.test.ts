import assert from 'node:assert/strict';
import { ModelError } from '../../src/errors.js';
import { buildNetwork } from '../../src/model/build.js';
import { readModelConfig } from '../../src/model/config-file/parse.js';
import { blankWeights } from '../../src/model/weights.js';

const halonet50ts = readModelConfig({ architecture: 'halonet50ts' }, 'config');

const build = (height: number, width: number) =>
  buildNetwork({ network: halonet50ts, ...halonet50ts.pretrained, height, width }, blankWeights());

describe('buildNetwork with an image size', () => {
  it('accepts sizes at which every halo block tiles its map, square or not', () => {
    for (const size of [256, 512]) build(size, size);
    build(256, 512);
    build(250, 256); // 250 halves to 125, 63, 32, 16, 8, as torch rounds
  });

  it('refuses other sizes, and suggests the nearest that work', () => {
    const refusal = (height: number, width: number) => {
      try {
        build(height, width);
      } catch (error) {
        assert.ok(error instanceof ModelError);
        return `${error.message} | ${error.hint}`;
      }
      return 'accepted';
    };
    assert.match(
      refusal(288, 288),
      /image size of 288×288 does not work.*8×8 cannot tile.*Pass --image-size 256 or 512: of the multiples of 32, the nearest/,
    );
    assert.match(
      refusal(288, 256),
      /image size of 288×256 does not work.*Pass --image-size 256 or 512x256: /,
    );
    assert.match(refusal(256, 224), /image size of 256×224 does not work.*Pass --image-size 256: /);
  });
});
