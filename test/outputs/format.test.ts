import assert from 'node:assert/strict';
import { OutputError } from '../../src/errors.js';
import { chooseFormat, type FormatQuestion } from '../../src/outputs/format.js';

const choose = (output: string, question: Partial<FormatQuestion> = {}) =>
  chooseFormat({ command: 'classify', asked: undefined, otherwise: 'csv', output, ...question }).name;

const features = (output: string, asked?: FormatQuestion['asked']) =>
  choose(output, { command: 'features', asked, otherwise: 'npy' });

/** Checks the message and the hint of a refusal. */
const refusing = (message: RegExp, hint: RegExp | string) => (error: unknown) => {
  assert.ok(error instanceof OutputError);
  assert.match(error.message, message);
  if (typeof hint === 'string') assert.equal(error.hint, hint);
  else assert.match(error.hint ?? '', hint);
  return true;
};

describe('chooseFormat', () => {
  const extensions = [
    ['a.csv', 'csv'],
    ['a.NPY', 'npy'],
    ['a.b/c.jsonl', 'jsonl'],
    ['a.ndjson', 'jsonl'],
  ] as const;
  for (const [output, format] of extensions) {
    it(`takes ${format} from ${output}`, () => {
      assert.equal(choose(output), format);
      assert.equal(choose(output, { asked: format }), format);
    });
  }

  it('uses --format if the extension does not contradict it', () => {
    for (const asked of ['csv', 'npy', 'jsonl'] as const) {
      for (const output of ['a', 'a.out', 'run.7', 'v1.2/a']) assert.equal(choose(output, { asked }), asked);
    }
    assert.equal(choose('a.json', { asked: 'jsonl' }), 'jsonl');
    assert.equal(choose('a.txt', { asked: 'csv' }), 'csv');
  });

  const misleading = [
    ['a.csv', 'npy', 'Name it a.npy, or leave out --format.'],
    ['d/a.NPY', 'csv', 'Name it d/a.csv, or leave out --format.'],
    ['a.ndjson', 'csv', 'Name it a.csv, or leave out --format.'],
    ['a.json', 'csv', 'Name it a.csv.'],
    ['a.txt', 'npy', 'Name it a.npy.'],
    ['a.npz', 'npy', 'Name it a.npy.'],
    ['a.parquet', 'jsonl', 'Name it a.jsonl, or leave out --format.'],
    ['a.arrow', 'parquet', 'Name it a.parquet.'],
    ['./a.tsv', 'csv', 'Name it a.csv.'],
  ] as const;
  for (const [output, asked, hint] of misleading) {
    it(`refuses ${asked} under the name ${output}`, () => {
      const message = new RegExp(`^the extension of ${output} does not go with --format ${asked}$`);
      assert.throws(() => choose(output, { asked }), refusing(message, hint));
    });
  }

  it('falls back to the default without an extension', () => {
    for (const output of ['features', 'a.b/features', '/dev/null', '/dev/fd/63']) {
      assert.equal(features(output), 'npy');
    }
    assert.equal(choose('-'), 'csv');
  });

  it('lists the known extensions for an unknown one', () => {
    const message = (name: string) =>
      new RegExp(
        `^the extension of ${name} is not an output format: expected \\.csv, \\.npy, \\.jsonl, \\.ndjson or \\.parquet$`,
      );
    const names = 'Name it scores.csv, scores.jsonl, scores.npy or scores.parquet';
    for (const name of ['scores.feather', 'scores.npz', 'scores.tsv'])
      assert.throws(() => choose(name), refusing(message(name), `${names}.`));
    const kept = ', or choose its format with --format.';
    assert.throws(() => choose('scores.json'), refusing(message('scores.json'), `${names}${kept}`));
    const others = 'Name it run.7.csv, run.7.jsonl, run.7.npy or run.7.parquet';
    assert.throws(() => choose('run.7'), refusing(message('run.7'), `${others}${kept}`));
  });

  describe('with a compressed output', () => {
    const compressed = [
      ['a.csv.gz', 'csv.gz'],
      ['a.CSV.GZ', 'csv.gz'],
      ['d/a.jsonl.gz', 'jsonl.gz'],
      ['a.ndjson.zst', 'jsonl.zst'],
      ['a.csv.zst', 'csv.zst'],
      ['a.gz', 'csv.gz'],
    ] as const;
    for (const [output, format] of compressed) {
      it(`takes ${format} from ${output}`, () => {
        assert.equal(choose(output), format);
        assert.equal(choose(output, { asked: format.slice(0, format.indexOf('.')) }), format);
      });
    }

    it('takes the format from --format, if the extension before does not contradict it', () => {
      assert.equal(choose('a.txt.gz', { asked: 'csv' }), 'csv.gz');
      assert.equal(choose('a.json.zst', { asked: 'jsonl' }), 'jsonl.zst');
      assert.equal(choose('run.7.gz', { asked: 'jsonl' }), 'jsonl.gz');
      assert.equal(features('a.jsonl.gz'), 'jsonl.gz');
      const message = /^the extension of a\.csv\.gz does not go with --format (jsonl|npy)$/;
      for (const [asked, name] of [
        ['jsonl', 'a.jsonl.gz'],
        ['npy', 'a.npy'],
      ] as const)
        assert.throws(
          () => choose('a.csv.gz', { asked }),
          refusing(message, `Name it ${name}, or leave out --format.`),
        );
    });

    it('lists the known extensions for an unknown one', () => {
      for (const output of ['a.arrow.gz', 'a.7.gz'])
        assert.throws(
          () => choose(output),
          refusing(
            / is not an output format: expected \.csv\.gz, \.jsonl\.gz or \.ndjson\.gz$/,
            /^Name it a.*\.gz/,
          ),
        );
      const kept = 'Name it a.7.csv.gz or a.7.jsonl.gz, or choose its format with --format.';
      assert.throws(() => choose('a.7.gz'), refusing(/^the extension of a\.7\.gz /, kept));
    });

    it('keeps to the format of a run that was started under another name', () => {
      for (const output of ['a', 'a.csv', 'a.jsonl.zst'])
        assert.equal(choose(output, { asked: 'csv.gz', settled: true }), 'csv.gz');
      assert.equal(choose('a.csv.gz', { asked: 'csv', settled: true }), 'csv');
    });

    it('refuses formats that are not text', () => {
      assert.throws(
        () => choose('x.npy.gz'),
        refusing(
          /^x\.npy\.gz names a compressed file, and NPY is not written compressed$/,
          'Name it x.csv.gz or x.jsonl.gz for compressed text, or write x.npy, and compress it when it is done: gzip x.npy',
        ),
      );
      const pack =
        'Name it x.csv.gz or x.jsonl.gz for compressed text, or write x, and pack it when it is done.';
      for (const output of ['x.npy.gz', 'x.gz'])
        assert.throws(() => features(output), refusing(/compressed/, pack));
    });

    const others = [
      [
        'x.csv.bz2',
        'Name it x.csv.gz or x.csv.zst, or write x.csv, and compress it when it is done: bzip2 x.csv',
      ],
      ['d/x.jsonl.gzip', /^Name it d\/x\.jsonl\.gz or d\/x\.jsonl\.zst, or write d\/x\.jsonl, and pack it/],
      ['x.npy.xz', 'Write x.npy, and compress it when it is done: xz x.npy'],
      ['x.zip', 'Name it x.csv.gz or x.csv.zst, or write x.csv, and pack it when it is done.'],
      [
        'x.csv.tar.bz2',
        /^Name it x\.csv\.gz or x\.csv\.zst, or write x\.csv, and compress it .*: bzip2 x\.csv$/,
      ],
      ['x.csv.tar.gz', /^Name it x\.csv\.gz or x\.csv\.zst, or write x\.csv, and /],
      ['x.csv.gz.zst', /^Name it x\.csv\.gz or x\.csv\.zst, or write x\.csv, and /],
    ] as const;
    for (const [output, hint] of others) {
      it(`refuses ${output}, with a hint on how to create it`, () => {
        for (const asked of [undefined, 'csv'] as const)
          assert.throws(
            () => choose(output, { asked }),
            refusing(/^(x|d\/x)\..* names a file that is compressed or packed in a way /, hint),
          );
      });
    }

    it('refuses packed features', () => {
      assert.throws(() => features('x.tar.gz'), refusing(/packed/, 'Write x, and pack it when it is done.'));
    });
  });

  describe('for a folder of features', () => {
    for (const [output, folder] of [
      ['x.npy', 'x'],
      ['d/x.npy/', 'd/x'],
      ['x.csv', 'x'],
      ['x.npz', 'x'],
      ['/d/x.txt', '/d/x'],
    ] as const) {
      it(`refuses the file name ${output}`, () => {
        const message =
          / is the name of a file, but features are written as NPY to a folder, one file per stage$/;
        const hint = `Name the folder: --output ${folder}`;
        assert.throws(() => features(output, 'npy'), refusing(message, hint));
      });
    }

    it('accepts a name with a dot, and checks the extension of a single file', () => {
      assert.equal(features('run.7', 'npy'), 'npy');
      assert.equal(features('x.jsonl'), 'jsonl');
      assert.throws(
        () => features('x.arrow'),
        refusing(
          /expected \.csv, \.jsonl, \.ndjson or \.parquet$/,
          /^Name it x\.csv, x\.jsonl, x or x\.parquet\.$/,
        ),
      );
      assert.throws(
        () => features('a.b'),
        refusing(
          /^the extension of a\.b is not an output format: /,
          'Name it a.b.csv, a.b.jsonl or a.b.parquet, or add --format npy to write a folder a.b.',
        ),
      );
    });
  });

  it('accepts any name for a run that was started under another', () => {
    for (const output of ['a.csv', 'a.gz', 'a.jpg'])
      assert.equal(choose(output, { asked: 'npy', settled: true }), 'npy');
  });

  it('refuses NPY to standard output, explicit or by default', () => {
    for (const output of ['-', '/dev/stdout']) {
      assert.throws(() => choose(output, { asked: 'npy' }), /standard output/);
      assert.throws(() => choose(output, { otherwise: 'npy' }), OutputError);
    }
  });

  it('refuses the file name of an image', () => {
    for (const name of ['a.jpg', 'b/C.PNG', 'd.jpeg']) {
      assert.throws(() => choose(name, { asked: 'csv' }), /has the name of an image/);
    }
  });
});
