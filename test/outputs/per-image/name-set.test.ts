import assert from 'node:assert/strict';
import { NameSet } from '../../../src/outputs/per-image/name-set.js';

describe('a set of names', () => {
  it('has what was added, also after it grew', () => {
    const names = new NameSet();
    for (let i = 0; i < 5000; i++) assert.ok(names.add(`name ${i}`));
    for (let i = 0; i < 5000; i++) {
      assert.ok(names.has(`name ${i}`));
      assert.equal(names.add(`name ${i}`), false);
      assert.equal(names.has(`other ${i}`), false);
    }
  });
});
