import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { OutputError } from '../../src/errors.js';
import { type ClassifyLayoutOptions, classifyLayout } from '../../src/outputs/classify-layout.js';
import { FORMATS } from '../../src/outputs/formats/registry.js';
import { readFloats } from '../support/read-npy.js';
import {
  Collector,
  FACTS,
  failed,
  float32,
  inFolder,
  ok,
  printed,
  printing,
  startRun,
  writeAll,
} from './scratch.js';

const LABELS = ['cat', 'tench, "Tinca"', 'dog'];
const ROWS = [
  ok('a,b.jpg', { probabilities: float32([0.1, 0.9731, 0.1]) }),
  failed('=bad.jpg'),
  ok('line\nbreak.jpg', { probabilities: float32([NaN, -1e-7, 0.5]) }),
];

function layout(format: ClassifyLayoutOptions['format'], topK?: number) {
  return classifyLayout({ format, scores: 'probabilities', labels: LABELS, ...(topK && { topK }) });
}

describe('classifyLayout', () => {
  it('writes the top k as CSV', async () => {
    const lines = [
      'path,index_1,label_1,score_1,index_2,label_2,score_2,error',
      '"a,b.jpg",1,"tench, ""Tinca""",0.9731,0,cat,0.1,',
      '=bad.jpg,,,,,,,"decode_failed: premature end, ""at"" byte 12"',
      '"line\nbreak.jpg",2,dog,0.5,1,"tench, ""Tinca""",-1e-7,',
    ];
    assert.equal(await printed(layout(FORMATS.csv, 2), ROWS), `${lines.join('\n')}\n`);
  });

  it('writes the top k as JSONL, limited to the number of classes', async () => {
    const [first, second, third] = (await printed(layout(FORMATS.jsonl), ROWS)).trimEnd().split('\n');
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
    'writes the scores of all classes as NPY, with an index and the class names',
    inFolder(async (folder) => {
      await writeAll(await startRun(join(folder, 'scores.npy'), layout(FORMATS.npy)), ROWS);
      const beside = ['scores.classes.csv', 'scores.index.csv'];
      const files = [...beside, 'scores.npy', 'scores.npy.run.json', 'scores.npy.run.rows'];
      assert.deepEqual((await readdir(folder)).sort(), files);
      assert.equal(
        await readFile(join(folder, 'scores.classes.csv'), 'utf8'),
        'index,label\n0,cat\n1,"tench, ""Tinca"""\n2,dog\n',
      );
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

  it('writes only a header for no rows, and nothing before commit', async () => {
    const stdout = new Collector();
    const sink = await printing(layout(FORMATS.csv, 1), stdout);
    await new Promise(setImmediate);
    assert.equal(stdout.text, '');
    await sink.commit(FACTS);
    assert.equal(stdout.text, 'path,index_1,label_1,score_1,error\n');
  });

  it('accepts only the expected tensor', async () => {
    const sink = await printing(layout(FORMATS.csv), new Collector());
    await assert.rejects(sink.write(ok('a.jpg', { logits: float32([1, 2, 3]) })), /received nothing/);
    await assert.rejects(
      sink.write(ok('a.jpg', { probabilities: float32([1, 2]) })),
      (error) =>
        error instanceof OutputError &&
        /a\.jpg.*expected float32 \[3\] under "probabilities", received float32 \[2\]/.test(error.message),
    );
    await sink.leave();
  });

  it('has different settings for other formats, labels, scores or top k', () => {
    const settings = (options: Partial<ClassifyLayoutOptions>) =>
      JSON.stringify(
        classifyLayout({ format: FORMATS.csv, scores: 'logits', labels: LABELS, ...options }).settings,
      );
    const all = [
      settings({}),
      settings({ format: FORMATS.npy }),
      settings({ format: FORMATS.npy, labels: LABELS.toReversed() }),
      settings({ labels: LABELS.toReversed() }),
      settings({ topK: 1 }),
      settings({ scores: 'probabilities' }),
      settings({ format: FORMATS.jsonl }),
    ];
    assert.equal(new Set(all).size, all.length);
    assert.equal(settings({ topK: 100 }), settings({ topK: 3 }));
  });
});
