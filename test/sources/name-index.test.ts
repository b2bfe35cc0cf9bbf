import assert from 'node:assert/strict';
import { NameIndex } from '../../src/sources/name-index.js';

describe('NameIndex', () => {
  it('finds the first place of each of many names, and none of others', () => {
    const index = new NameIndex();
    const nameOf = (i: number) => `folder/${i}.jpg`;
    for (let i = 0; i < 20_000; i++) index.add(nameOf(i), 512 * i);
    for (let i = 0; i < 20_000; i += 7) index.add(nameOf(i), 1);
    for (let i = 0; i < 20_000; i++) assert.equal(index.find(nameOf(i)), 512 * i);
    assert.equal(index.find(nameOf(20_000)), undefined);
    assert.equal(new NameIndex().find('a'), undefined);
  });
});
