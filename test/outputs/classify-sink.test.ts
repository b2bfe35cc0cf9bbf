import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { OutputError } from '../../src/errors.js';
import { openClassifySink } from '../../src/outputs/classify-sink.js';
import { readFloats } from '../support/read-npy.js';
import { Collector, failed, float32, inFolder, ok, writeAll } from './scratch.js';

const LABELS = ['cat', 'tench, "Tinca"', 'dog'];
const ROWS = [
  ok('a,b.jpg', { probabilities: float32([0.1, 0.9731, 0.1]) }),
  failed('=bad.jpg'),
  ok('line\nbreak.jpg', { probabilities: float32([NaN, -1e-7, 0.5]) }),
];

function options(output = '-', stdout = new Collector()) {
  return { output, stdout, overwrite: false, scores: 'probabilities', labels: LABELS } as const;
}

describe('openClassifySink', () => {
  it('writes the top k as CSV', async () => {
    const stdout = new Collector();
    await writeAll(await openClassifySink({ ...options('-', stdout), format: 'csv', topK: 2 }), ROWS);
    const lines = [
      'path,index_1,label_1,score_1,index_2,label_2,score_2,error',
      '"a,b.jpg",1,"tench, ""Tinca""",0.9731,0,cat,0.1,',
      '=bad.jpg,,,,,,,"decode_failed: premature end, ""at"" byte 12"',
      '"line\nbreak.jpg",2,dog,0.5,1,"tench, ""Tinca""",-1e-7,',
    ];
    assert.equal(stdout.text, `${lines.join('\n')}\n`);
  });

  it('writes the top k as JSONL, clipped to the classes', async () => {
    const stdout = new Collector();
    await writeAll(await openClassifySink({ ...options('-', stdout), format: 'jsonl' }), ROWS);
    const [first, second, third] = stdout.text.trimEnd().split('\n');
    assert.equal(
      first,
      '{"path":"a,b.jpg","predictions":[{"index":1,"label":"tench, \\"Tinca\\"","score":0.9731},' +
        '{"index":0,"label":"cat","score":0.1},{"index":2,"label":"dog","score":0.1}]}',
    );
    assert.equal(
      second,
      '{"path":"=bad.jpg","error":{"code":"decode_failed","message":"premature end, \\"at\\" byte 12"}}',
    );
    assert.deepEqual(JSON.parse(third ?? '').predictions.at(-1), { index: 0, label: 'cat', score: null });
  });

  it(
    'writes the scores of all classes as NPY, with an index',
    inFolder(async (folder) => {
      const sink = await openClassifySink({ ...options(join(folder, 'scores.npy')), format: 'npy' });
      await writeAll(sink, ROWS);
      assert.deepEqual(await readdir(folder), ['scores.index.csv', 'scores.npy']);
      const { shape, dtype, data } = await readFloats(join(folder, 'scores.npy'));
      assert.deepEqual([shape, dtype], [[3, 3], 'f4']);
      const expected = [0.1, 0.9731, 0.1, NaN, NaN, NaN, NaN, -1e-7, 0.5];
      assert.deepEqual([...data], expected.map(Math.fround));
      assert.equal(
        await readFile(join(folder, 'scores.index.csv'), 'utf8'),
        'row,path,error\n0,"a,b.jpg",\n1,=bad.jpg,"decode_failed: premature end, ""at"" byte 12"\n' +
          '2,"line\nbreak.jpg",\n',
      );
    }),
  );

  it('writes a header alone for no rows, and nothing before that', async () => {
    const stdout = new Collector();
    const sink = await openClassifySink({ ...options('-', stdout), format: 'csv', topK: 1 });
    await new Promise(setImmediate);
    assert.equal(stdout.text, '');
    await sink.commit();
    assert.equal(stdout.text, 'path,index_1,label_1,score_1,error\n');
  });

  it('takes only the tensor that was announced', async () => {
    const sink = await openClassifySink({ ...options(), format: 'csv' });
    await assert.rejects(sink.write(ok('a.jpg', { logits: float32([1, 2, 3]) })), /received nothing/);
    await assert.rejects(
      sink.write(ok('a.jpg', { probabilities: float32([1, 2]) })),
      (error) =>
        error instanceof OutputError &&
        /a\.jpg.*expected float32 \[3\] under "probabilities", received float32 \[2\]/.test(error.message),
    );
    await sink.abort();
  });
});
