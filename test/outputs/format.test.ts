import assert from 'node:assert/strict';
import { OutputError } from '../../src/errors.js';
import { chooseFormat } from '../../src/outputs/format.js';

describe('chooseFormat', () => {
  const extensions = [
    ['a.csv', 'csv'],
    ['a.NPY', 'npy'],
    ['a.b/c.jsonl', 'jsonl'],
    ['a.ndjson', 'jsonl'],
  ] as const;
  for (const [output, format] of extensions) {
    it(`takes ${format} from ${output}`, () => {
      assert.equal(chooseFormat(undefined, output, 'csv'), format);
    });
  }

  it('lets an explicit format disagree with the extension', () => {
    assert.equal(chooseFormat('jsonl', 'a.csv', 'npy'), 'jsonl');
    assert.equal(chooseFormat('csv', 'a.gz', 'npy'), 'csv');
  });

  it('falls back to the default without an extension', () => {
    for (const output of ['features', 'a.b/features', '/dev/null', '/dev/fd/63']) {
      assert.equal(chooseFormat(undefined, output, 'npy'), 'npy');
    }
    assert.equal(chooseFormat(undefined, '-', 'csv'), 'csv');
  });

  it('lists the known extensions for an unknown one', () => {
    assert.throws(
      () => chooseFormat(undefined, 'scores.parquet', 'csv'),
      (error) =>
        error instanceof OutputError &&
        /scores\.parquet.*\.csv, \.npy, \.jsonl, \.ndjson/.test(error.message),
    );
  });

  it('refuses NPY to standard output, explicit or by default', () => {
    for (const output of ['-', '/dev/stdout']) {
      assert.throws(() => chooseFormat('npy', output, 'csv'), /standard output/);
      assert.throws(() => chooseFormat(undefined, output, 'npy'), OutputError);
    }
  });

  it('refuses a name that is an image, whatever the format', () => {
    for (const name of ['a.jpg', 'b/C.PNG', 'd.jpeg']) {
      assert.throws(() => chooseFormat('csv', name, 'csv'), /has the name of an image/);
    }
  });
});
