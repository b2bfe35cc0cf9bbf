import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type EmbedLayoutOptions, embedLayout } from '../../src/outputs/embed-layout.js';
import { FORMATS } from '../../src/outputs/formats/registry.js';
import { readFloats } from '../support/read-npy.js';
import { FAILURE, failed, float16, float32, inFolder, ok, printed, startRun, writeAll } from './scratch.js';

const SINGLE = {
  dtype: 'float32',
  rows: [ok('a.jpg', { embedding: float32([0.1, -2, 1e-20]) }), failed('b.jpg')],
} as const;
const HALF = {
  dtype: 'float16',
  rows: [ok('a.jpg', { embedding: float16([0x2e66, 0xc000, 0x3555]) }), failed('b.jpg')],
} as const;

function layout(format: EmbedLayoutOptions['format'], dtype: EmbedLayoutOptions['dtype'] = 'float32') {
  return embedLayout({ format, dtype, shape: [3] });
}

describe('embedLayout', () => {
  it('writes CSV', async () => {
    const header = 'path,e0,e1,e2,error\n';
    const error = 'b.jpg,,,,"decode_failed: premature end, ""at"" byte 12"\n';
    assert.equal(
      await printed(layout(FORMATS.csv, 'float32'), SINGLE.rows),
      `${header}a.jpg,0.1,-2,1e-20,\n${error}`,
    );
    assert.equal(
      await printed(layout(FORMATS.csv, 'float16'), HALF.rows),
      `${header}a.jpg,0.1,-2,0.3333,\n${error}`,
    );
    assert.equal(await printed(layout(FORMATS.csv, 'float16'), []), header);
  });

  it('writes JSONL', async () => {
    const error = `${JSON.stringify({ path: 'b.jpg', error: FAILURE })}\n`;
    assert.equal(
      await printed(layout(FORMATS.jsonl, 'float32'), SINGLE.rows),
      `{"path":"a.jpg","embedding":[0.1,-2,1e-20]}\n${error}`,
    );
    assert.equal(
      await printed(layout(FORMATS.jsonl, 'float16'), HALF.rows),
      `{"path":"a.jpg","embedding":[0.1,-2,0.3333]}\n${error}`,
    );
    assert.equal(await printed(layout(FORMATS.jsonl, 'float16'), []), '');
  });

  it(
    'writes float32 NPY',
    inFolder(async (folder) => {
      await writeAll(await startRun(join(folder, 'a.npy'), layout(FORMATS.npy)), SINGLE.rows);
      const { shape, dtype, data } = await readFloats(join(folder, 'a.npy'));
      assert.deepEqual([shape, dtype], [[2, 3], 'f4']);
      assert.deepEqual([...data], [0.1, -2, 1e-20, NaN, NaN, NaN].map(Math.fround));
    }),
  );

  it(
    "writes float16 NPY, with NumPy's NaN for failures",
    inFolder(async (folder) => {
      await writeAll(await startRun(join(folder, 'a.npy'), layout(FORMATS.npy, 'float16')), HALF.rows);
      const { shape, dtype, data } = await readFloats(join(folder, 'a.npy'));
      assert.deepEqual([shape, dtype], [[2, 3], 'f2']);
      assert.deepEqual([...data], [0.0999755859375, -2, 0.333251953125, NaN, NaN, NaN]);
      const bytes = await readFile(join(folder, 'a.npy'));
      assert.equal(bytes.subarray(-12).toString('hex'), '662e00c05535007e007e007e');
    }),
  );

  it(
    'writes an array and an index without rows',
    inFolder(async (folder) => {
      await writeAll(await startRun(join(folder, 'a.npy'), layout(FORMATS.npy)), []);
      assert.deepEqual((await readFloats(join(folder, 'a.npy'))).shape, [0, 3]);
      assert.equal(await readFile(join(folder, 'a.index.csv'), 'utf8'), 'row,path,error\n');
    }),
  );
});
