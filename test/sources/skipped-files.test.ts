import assert from 'node:assert/strict';
import { SkippedFiles, skippedText } from '../../src/sources/skipped-files.js';

const counted = (...paths: readonly string[]) => {
  const skipped = new SkippedFiles();
  for (const path of paths) skipped.add(path);
  return skipped.counts;
};

describe('Skipped', () => {
  it('counts skipped files by extension in any case, the most frequent first', () => {
    const counts = counted('a/1.txt', 'b.MOV', 'c.mov', 'd', 'e.', 'f.tar.gz', 'g.h/README');
    assert.deepEqual(Object.entries(counts), [
      ['', 3],
      ['.mov', 2],
      ['.gz', 1],
      ['.txt', 1],
    ]);
    assert.equal(
      skippedText(counts),
      '7 files without a supported image extension: 3 without any, 2 .mov, 1 .gz, 1 .txt',
    );
  });

  it('limits the number of extensions that it counts and names', () => {
    const names = Array.from({ length: 5000 }, (_, i) => `scan.${i}`);
    const counts = counted(...names, 'a.0');
    assert.equal(Object.keys(counts).length, 101);
    assert.equal(counts['*'], 4900);
    assert.equal(
      skippedText(counts),
      '5,001 files without a supported image extension: 2 .0, 1 .1, 1 .10, 1 .11, 1 .12, 4,995 others',
    );
  });

  it('gives no text for no files, and the singular for one', () => {
    assert.equal(skippedText(counted()), undefined);
    assert.equal(skippedText(counted('a.txt')), '1 file without a supported image extension: 1 .txt');
  });
});
