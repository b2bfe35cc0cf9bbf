import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openEmbedSink } from '../../src/outputs/embed-sink.js';
import type { Row } from '../../src/rows.js';
import { readFloats } from '../support/read-npy.js';
import { Collector, FAILURE, failed, float16, float32, inFolder, ok, writeAll } from './scratch.js';

const SINGLE = {
  dtype: 'float32',
  rows: [ok('a.jpg', { embedding: float32([0.1, -2, 1e-20]) }), failed('b.jpg')],
} as const;
const HALF = {
  dtype: 'float16',
  rows: [ok('a.jpg', { embedding: float16([0x2e66, 0xc000, 0x3555]) }), failed('b.jpg')],
} as const;

async function embedText(format: 'csv' | 'jsonl', dtype: 'float32' | 'float16', rows: readonly Row[]) {
  const stdout = new Collector();
  const options = { output: '-', overwrite: false, stdout, format, dtype, features: 3 };
  await writeAll(await openEmbedSink(options), rows);
  return stdout.text;
}

function npyOptions(output: string, dtype: 'float32' | 'float16' = 'float32') {
  return { output, overwrite: false, stdout: new Collector(), format: 'npy', dtype, features: 3 } as const;
}

describe('openEmbedSink', () => {
  it('writes CSV', async () => {
    const header = 'path,e0,e1,e2,error\n';
    const error = 'b.jpg,,,,"decode_failed: premature end, ""at"" byte 12"\n';
    assert.equal(await embedText('csv', 'float32', SINGLE.rows), `${header}a.jpg,0.1,-2,1e-20,\n${error}`);
    assert.equal(await embedText('csv', 'float16', HALF.rows), `${header}a.jpg,0.1,-2,0.3333,\n${error}`);
    assert.equal(await embedText('csv', 'float16', []), header);
  });

  it('writes JSONL', async () => {
    const error = `${JSON.stringify({ path: 'b.jpg', error: FAILURE })}\n`;
    assert.equal(
      await embedText('jsonl', 'float32', SINGLE.rows),
      `{"path":"a.jpg","embedding":[0.1,-2,1e-20]}\n${error}`,
    );
    assert.equal(
      await embedText('jsonl', 'float16', HALF.rows),
      `{"path":"a.jpg","embedding":[0.1,-2,0.3333]}\n${error}`,
    );
    assert.equal(await embedText('jsonl', 'float16', []), '');
  });

  it(
    'writes float32 NPY',
    inFolder(async (folder) => {
      await writeAll(await openEmbedSink(npyOptions(join(folder, 'a.npy'))), SINGLE.rows);
      const { shape, dtype, data } = await readFloats(join(folder, 'a.npy'));
      assert.deepEqual([shape, dtype], [[2, 3], 'f4']);
      assert.deepEqual([...data], [0.1, -2, 1e-20, NaN, NaN, NaN].map(Math.fround));
    }),
  );

  it(
    'writes float16 NPY, with the NaN of NumPy for failures',
    inFolder(async (folder) => {
      await writeAll(await openEmbedSink(npyOptions(join(folder, 'a.npy'), 'float16')), HALF.rows);
      const { shape, dtype, data } = await readFloats(join(folder, 'a.npy'));
      assert.deepEqual([shape, dtype], [[2, 3], 'f2']);
      assert.deepEqual([...data], [0.0999755859375, -2, 0.333251953125, NaN, NaN, NaN]);
      const bytes = await readFile(join(folder, 'a.npy'));
      assert.equal(bytes.subarray(-12).toString('hex'), '662e00c05535007e007e007e');
    }),
  );

  it(
    'writes an NPY and an index of no rows',
    inFolder(async (folder) => {
      await writeAll(await openEmbedSink(npyOptions(join(folder, 'a.npy'))), []);
      assert.deepEqual((await readFloats(join(folder, 'a.npy'))).shape, [0, 3]);
      assert.equal(await readFile(join(folder, 'a.index.csv'), 'utf8'), 'row,path,error\n');
    }),
  );
});

describe('an NPY and its index', () => {
  it(
    'refuse either of them that exists, and leave nothing else',
    inFolder(async (folder) => {
      await writeFile(join(folder, 'a.index.csv'), 'old');
      await assert.rejects(openEmbedSink(npyOptions(join(folder, 'a.npy'))), /a\.index\.csv already exists/);
      await writeFile(join(folder, 'b.npy'), 'old');
      await assert.rejects(openEmbedSink(npyOptions(join(folder, 'b.npy'))), /b\.npy already exists/);
      assert.deepEqual(await readdir(folder), ['a.index.csv', 'b.npy']);
    }),
  );

  it(
    'leave nothing after abort',
    inFolder(async (folder) => {
      const sink = await openEmbedSink(npyOptions(join(folder, 'a.npy')));
      for (const row of SINGLE.rows) await sink.write(row);
      assert.equal(
        (await readdir(folder)).every((name) => name.startsWith('.')),
        true,
      );
      await sink.abort();
      assert.deepEqual(await readdir(folder), []);
    }),
  );

  it(
    'are both replaced on commit, not before',
    inFolder(async (folder) => {
      const output = join(folder, 'a.npy');
      await writeFile(output, 'old');
      await writeFile(join(folder, 'a.index.csv'), 'old');
      const sink = await openEmbedSink({ ...npyOptions(output), overwrite: true });
      for (const row of SINGLE.rows) await sink.write(row);
      assert.equal(await readFile(output, 'utf8'), 'old');
      await sink.commit();
      assert.deepEqual((await readFloats(output)).shape, [2, 3]);
      assert.match(
        await readFile(join(folder, 'a.index.csv'), 'utf8'),
        /^row,path,error\n0,a\.jpg,\n1,b\.jpg,/,
      );
      assert.deepEqual(await readdir(folder), ['a.index.csv', 'a.npy']);
    }),
  );

  it(
    'never show an old NPY beside a new index: the NPY goes first',
    inFolder(async (folder) => {
      const output = join(folder, 'a.npy');
      await writeFile(output, 'old');
      const sink = await openEmbedSink({ ...npyOptions(output), overwrite: true });
      await mkdir(join(folder, 'a.index.csv')); // the index cannot be renamed over a folder
      await assert.rejects(sink.commit(), /Cannot write .*a\.index\.csv/);
      await sink.abort();
      assert.deepEqual(await readdir(folder), ['a.index.csv']);
    }),
  );

  it(
    'never show a new NPY without its index: the NPY comes last',
    inFolder(async (folder) => {
      const sink = await openEmbedSink(npyOptions(join(folder, 'a.npy')));
      await writeFile(join(folder, 'a.index.csv'), 'other'); // appeared meanwhile, and is refused
      await assert.rejects(sink.commit(), /a\.index\.csv already exists/);
      await sink.abort();
      assert.deepEqual(await readdir(folder), ['a.index.csv']);
    }),
  );
});
