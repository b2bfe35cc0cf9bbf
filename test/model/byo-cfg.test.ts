import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { ARCHITECTURES } from '../../src/model/config/architectures/index.js';
import { interleaveBlocks } from '../../src/model/config/byo-cfg.js';
import { parseModelConfig } from '../../src/model/config-file/parse.js';

const types = (every: number | readonly number[], d: number) =>
  interleaveBlocks({ types: ['a', 'b'], every, d, c: 8 })
    .map(({ type }) => type)
    .join('');

describe('interleaveBlocks', () => {
  it('places the second type as timm does', () => {
    assert.equal(types(1, 6), 'ababab');
    assert.equal(types(1, 3), 'aba');
    assert.equal(types(2, 6), 'aabaab');
    assert.equal(types(4, 4), 'aaab'); // too short for the interval: the last block
    assert.equal(types([0, 2], 4), 'baba');
    assert.equal(types([2], 3), 'aab');
  });
});

describe('ARCHITECTURES', () => {
  for (const name of ['halonet26t', 'halonet50ts']) {
    it(`${name} expands to timm's own block list`, () => {
      const path = `fixtures/parity/architectures/${name}/config.json`;
      const { cfg: golden } = parseModelConfig(readFileSync(path, 'utf8'), path);
      const cfg = ARCHITECTURES[name]?.cfg;
      assert.ok(cfg);
      // The golden networks are the published ones at a quarter of their width.
      assert.deepEqual({ ...cfg, width_factor: golden.width_factor }, golden);
    });
  }
});
