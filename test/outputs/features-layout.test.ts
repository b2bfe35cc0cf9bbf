import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { OutputError } from '../../src/errors.js';
import { type FeaturesLayoutOptions, featuresLayout } from '../../src/outputs/features-layout.js';
import { FORMATS } from '../../src/outputs/formats/registry.js';
import { readFloats } from '../support/read-npy.js';
import {
  FACTS,
  FAILURE,
  failed,
  float16,
  float32,
  inFolder,
  ok,
  printed,
  startRun,
  writeAll,
} from './scratch.js';

const MAPS = [
  { name: 'stage1', shape: [2, 1, 2] },
  { name: 'stage3', shape: [1, 1, 1] },
];
const MAP_ROWS = [
  ok('a.jpg', { stage1: float32([1, 2, 3, 4], [2, 1, 2]), stage3: float32([5], [1, 1, 1]) }),
  failed('b.jpg'),
];
const POOLED = [
  { name: 'stage1', shape: [1] },
  { name: 'stage3', shape: [3] },
];
const FILES = ['index.csv', 'stage1.npy', 'stage3.npy'];

function layout(options: Partial<FeaturesLayoutOptions>) {
  return featuresLayout({ format: FORMATS.npy, dtype: 'float32', stages: MAPS, ...options });
}

describe('featuresLayout', () => {
  it(
    'writes NPY as a folder that appears only once it is complete',
    inFolder(async (folder) => {
      const output = join(folder, 'features');
      const sink = await startRun(output, layout({}));
      for (const row of MAP_ROWS) await sink.write(row);
      assert.deepEqual(await readdir(folder), ['features.partial']);
      await sink.commit(FACTS);
      assert.deepEqual(await readdir(folder), ['features', 'features.run.json', 'features.run.rows']);
      assert.deepEqual(await readdir(output), FILES);
      const stage1 = await readFloats(join(output, 'stage1.npy'));
      assert.deepEqual(stage1, {
        shape: [2, 2, 1, 2],
        dtype: 'f4',
        data: Float32Array.of(1, 2, 3, 4, NaN, NaN, NaN, NaN),
      });
      const stage3 = await readFloats(join(output, 'stage3.npy'));
      assert.deepEqual(stage3, { shape: [2, 1, 1, 1], dtype: 'f4', data: Float32Array.of(5, NaN) });
      assert.match(
        await readFile(join(output, 'index.csv'), 'utf8'),
        /^row,path,error\n0,a\.jpg,\n1,b\.jpg,"dec/,
      );
    }),
  );

  it(
    'writes float16 arrays without rows',
    inFolder(async (folder) => {
      const output = join(folder, 'features');
      await writeAll(await startRun(output, layout({ stages: POOLED, dtype: 'float16' })), []);
      const stage3 = await readFloats(join(output, 'stage3.npy'));
      assert.deepEqual(stage3, { shape: [0, 3], dtype: 'f2', data: Float32Array.of() });
    }),
  );

  it('writes JSONL with base64 data', async () => {
    const [first = '', second] = (await printed(layout({ format: FORMATS.jsonl }), MAP_ROWS)).split('\n');
    const { path, stages } = JSON.parse(first);
    assert.deepEqual([path, Object.keys(stages)], ['a.jpg', ['stage1', 'stage3']]);
    assert.deepEqual([stages.stage1.shape, stages.stage1.dtype], [[2, 1, 2], 'float32']);
    const bytes = Buffer.from(stages.stage1.data, 'base64');
    assert.deepEqual(
      [0, 4, 8, 12].map((offset) => bytes.readFloatLE(offset)),
      [1, 2, 3, 4],
    );
    assert.equal(second, JSON.stringify({ path: 'b.jpg', error: FAILURE }));
  });

  it('encodes only the tensor, not the whole buffer that it is part of', async () => {
    const stages = [{ name: 'stage1', shape: [1] }];
    const part = { ...float16([0x3c00]), data: new Uint8Array([9, 9, 0x00, 0x3c, 9]).subarray(2, 4) };
    const text = await printed(layout({ stages, dtype: 'float16', format: FORMATS.jsonl }), [
      ok('a.jpg', { stage1: part }),
    ]);
    assert.equal(JSON.parse(text).stages.stage1.data, 'ADw=');
  });

  it('writes pooled CSV with a line per image and stage, padded to the widest stage', async () => {
    const text = await printed(layout({ stages: POOLED, format: FORMATS.csv }), [
      ok('a.jpg', { stage1: float32([0.1]), stage3: float32([1, 2, 3]) }),
      failed('b.jpg'),
    ]);
    const error = '"decode_failed: premature end, ""at"" byte 12"';
    const lines = [
      'path,stage,f0,f1,f2,error',
      'a.jpg,stage1,0.1,,,',
      'a.jpg,stage3,1,2,3,',
      `b.jpg,stage1,,,,${error}`,
      `b.jpg,stage3,,,,${error}`,
    ];
    assert.equal(text, `${lines.join('\n')}\n`);
  });

  it('refuses CSV of feature maps that are not pooled', () => {
    assert.throws(
      () => layout({ format: FORMATS.csv }),
      (error) => error instanceof OutputError && /one vector per image.*npy or jsonl/.test(error.message),
    );
  });
});
