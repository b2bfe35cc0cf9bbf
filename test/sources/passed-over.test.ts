import assert from 'node:assert/strict';
import { PassedOver, passedOverText } from '../../src/sources/passed-over.js';

const counted = (...paths: readonly string[]) => {
  const passedOver = new PassedOver();
  for (const path of paths) passedOver.add(path);
  return passedOver.counts;
};

describe('PassedOver', () => {
  it('counts skipped files by extension in any case, the most frequent first', () => {
    const counts = counted('a/1.txt', 'b.MOV', 'c.mov', 'd', 'e.', 'f.tar.gz', 'g.h/README');
    assert.deepEqual(Object.entries(counts), [
      ['', 3],
      ['.mov', 2],
      ['.gz', 1],
      ['.txt', 1],
    ]);
    assert.equal(passedOverText(counts), '7 files (no extension 3, .mov 2, .gz 1, .txt 1)');
  });

  it('limits the number of extensions that it counts and names', () => {
    const names = Array.from({ length: 5000 }, (_, i) => `scan.${i}`);
    const counts = counted(...names, 'a.0');
    assert.equal(Object.keys(counts).length, 101);
    assert.equal(counts['*'], 4900);
    assert.equal(passedOverText(counts), '5001 files (.0 2, .1 1, .10 1, .11 1, .12 1, others 4995)');
  });

  it('gives no text for no files, and the singular for one', () => {
    assert.equal(passedOverText(counted()), undefined);
    assert.equal(passedOverText(counted('a.txt')), '1 file (.txt 1)');
  });
});
