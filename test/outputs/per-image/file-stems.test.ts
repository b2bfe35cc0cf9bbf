import assert from 'node:assert/strict';
import { arrayName, FileStems } from '../../../src/outputs/per-image/file-stems.js';
import { HOSTILE_NAMES } from '../../support/hostile-names.js';

/** Returns the stems of rows with these ids. */
function stemsOf(ids: readonly string[]): readonly string[] {
  const stems = new FileStems();
  return ids.map((id, row) => stems.next(id, row));
}

describe('the files of an image', () => {
  const stems = [
    ['photos/cats/a.jpg', 'photos/cats/a.jpg'],
    ['./a.jpg', 'a.jpg'],
    ['a//b/./c.png', 'a/b/c.png'],
    ['/data/a.jpg', 'data/a.jpg'],
    ['../../a.jpg', '_/_/a.jpg'],
    ['C:\\photos\\a.jpg', 'C_/photos/a.jpg'],
    ['t.tar/a/b.jpg', 't.tar/a/b.jpg'],
    ['https://x.org/a.jpg?w=1', 'https_/x.org/a.jpg_w=1'],
    ['a.jpg#xywh=1,2,3,4', 'a.jpg#xywh=1,2,3,4'],
    ['index.csv/a.jpg', 'index.csv_/a.jpg'],
    ['Checksums.txt/a.jpg', 'Checksums.txt_/a.jpg'],
    ['.partial/a.jpg', '.partial_/a.jpg'],
    ['a.jpg.stage3.npy/b.jpg', 'a.jpg.stage3.npy_/b.jpg'],
    ['stage3.npy', 'stage3.npy'],
    ['index.csv', 'index.csv'],
    ['nul/Con.jpg', 'nul_/Con_.jpg'],
    ["'=1/a.jpg", '_=1/a.jpg'],
    ['a. /b.', 'a._/b_'],
    ['line\nbreak\0.jpg', 'line_break_.jpg'],
    ['..', '_'],
    ['', '_'],
  ] as const;
  for (const [id, stem] of stems) {
    it(`of ${JSON.stringify(id)} begin with ${stem}`, () => assert.deepEqual(stemsOf([id]), [stem]));
  }

  it('are in the folder of the image, named after it, the stage and NPY', () => {
    assert.equal(arrayName('cats/a.jpg', 'stage3'), 'cats/a.jpg.stage3.npy');
  });

  it('have the number of the row if an earlier row has the same', () => {
    const ids = ['a/b', 'a/b', 'A/B', 'a//b', 'é', 'e\u0301', 'a/b~1', 'a/b~2', '\ud800', '\ud801', 'ſ', 's'];
    const expected = ['a/b', 'a/b~1', 'A/B~2', 'a/b~3', 'é', 'e\u0301~5', 'a/b~1~6', 'a/b~2~7'];
    assert.deepEqual(stemsOf(ids), [...expected, '\ufffd', '\ufffd~9', 'ſ', 's~11']);
  });

  it('keep to names that earlier rows of an interrupted run have', () => {
    const stems = new FileStems();
    stems.take('a/b');
    assert.equal(stems.next('A/b', 5), 'A/b~5');
  });

  it('are short enough for any disk, and still differ', () => {
    const long = [
      '🦊'.repeat(100),
      `${'🦊'.repeat(100)}!`,
      `${'x'.repeat(300)}/a`,
      `${'ab/'.repeat(400)}c.jpg`,
    ];
    const stems = stemsOf([...long, `${'ab/'.repeat(401)}c.jpg`]);
    assert.equal(new Set(stems).size, 5);
    for (const stem of stems) {
      assert.ok(Buffer.byteLength(stem) <= 800, stem);
      assert.doesNotMatch(stem, /\ufffd/);
      for (const part of stem.split('/'))
        assert.ok(Buffer.byteLength(part) <= 240 || part.startsWith('x'), part);
    }
    assert.match(stems[3] ?? '', /^~[0-9a-f]{16}\/c\.jpg$/);
  });

  it('stay in their folder, whatever the image is called', () => {
    for (const name of HOSTILE_NAMES) {
      const [stem = ''] = stemsOf([`../${name}/../x/${name}`]);
      assert.doesNotMatch(stem, /^\/|(^|\/)\.{0,2}(\/|$)|[\n\r\0\\]/, stem);
    }
  });
});
