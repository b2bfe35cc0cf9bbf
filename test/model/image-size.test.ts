import assert from 'node:assert/strict';
import { ModelError } from '../../src/errors.js';
import { ARCHITECTURES } from '../../src/model/config/architectures/index.js';
import { checkImageSize } from '../../src/model/image-size.js';

const halonet50ts = ARCHITECTURES.halonet50ts?.cfg;
assert.ok(halonet50ts);

describe('checkImageSize', () => {
  it('accepts sizes that every halo block tiles, square or not', () => {
    for (const size of [256, 512]) checkImageSize(halonet50ts, size, size);
    checkImageSize(halonet50ts, 256, 512);
    checkImageSize(halonet50ts, 250, 256); // 250 halves to 125, 63, 32, 16, 8, as torch rounds
  });

  it('refuses other sizes and names the nearest that work', () => {
    const refusal = (height: number, width: number) => {
      try {
        checkImageSize(halonet50ts, height, width);
      } catch (error) {
        assert.ok(error instanceof ModelError);
        return `${error.message} | ${error.hint}`;
      }
      return 'accepted';
    };
    assert.match(refusal(288, 256), /height of 288 pixels.*nearest multiples of 32 that work: 256 and 512/);
    assert.match(refusal(256, 224), /width of 224 pixels.*nearest multiples of 32 that work: 256\./);
  });
});
