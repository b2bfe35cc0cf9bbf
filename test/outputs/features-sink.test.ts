import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, realpath, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { OutputError } from '../../src/errors.js';
import { openFeaturesSink } from '../../src/outputs/features-sink.js';
import { readFloats } from '../support/read-npy.js';
import { Collector, FAILURE, failed, float16, float32, inFolder, ok, writeAll } from './scratch.js';

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

function options(output: string, stages = MAPS) {
  return {
    output,
    overwrite: false,
    stdout: new Collector(),
    dtype: 'float32',
    format: 'npy',
    stages,
  } as const;
}

describe('openFeaturesSink', () => {
  it(
    'writes NPY as a folder that appears as a whole',
    inFolder(async (folder) => {
      const output = join(folder, 'features');
      const sink = await openFeaturesSink(options(output));
      for (const row of MAP_ROWS) await sink.write(row);
      assert.deepEqual(
        (await readdir(folder)).filter((name) => !name.startsWith('.')),
        [],
      );
      await sink.commit();
      assert.deepEqual(await readdir(folder), ['features']);
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
    'writes float16 and no rows',
    inFolder(async (folder) => {
      const output = join(folder, 'features');
      await writeAll(await openFeaturesSink({ ...options(output, POOLED), dtype: 'float16' }), []);
      const stage3 = await readFloats(join(output, 'stage3.npy'));
      assert.deepEqual(stage3, { shape: [0, 3], dtype: 'f2', data: Float32Array.of() });
    }),
  );

  it('writes JSONL with base64 data', async () => {
    const stdout = new Collector();
    const sink = await openFeaturesSink({ ...options('-'), stdout, format: 'jsonl' });
    await writeAll(sink, MAP_ROWS);
    const [first = '', second] = stdout.text.split('\n');
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

  it('encodes only the tensor, not the buffer that it is a part of', async () => {
    const stdout = new Collector();
    const stages = [{ name: 'stage1', shape: [1] }];
    const part = { ...float16([0x3c00]), data: new Uint8Array([9, 9, 0x00, 0x3c, 9]).subarray(2, 4) };
    const sink = await openFeaturesSink({
      ...options('-', stages),
      stdout,
      dtype: 'float16',
      format: 'jsonl',
    });
    await writeAll(sink, [ok('a.jpg', { stage1: part })]);
    assert.equal(JSON.parse(stdout.text).stages.stage1.data, 'ADw=');
  });

  it('writes pooled CSV, padded to the widest stage, a line per image and stage', async () => {
    const stdout = new Collector();
    const sink = await openFeaturesSink({ ...options('-', POOLED), stdout, format: 'csv' });
    await writeAll(sink, [
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
    assert.equal(stdout.text, `${lines.join('\n')}\n`);
  });

  it(
    'refuses CSV of whole maps, before the output is touched',
    inFolder(async (folder) => {
      await assert.rejects(
        openFeaturesSink({ ...options(join(folder, 'a.csv')), format: 'csv' }),
        (error) => error instanceof OutputError && /pooled.*npy.*jsonl/.test(error.message),
      );
      assert.deepEqual(await readdir(folder), []);
    }),
  );
});

describe('a features folder', () => {
  it(
    'leaves nothing after abort',
    inFolder(async (folder) => {
      const sink = await openFeaturesSink(options(join(folder, 'features')));
      await sink.write(failed('a.jpg'));
      await sink.abort();
      assert.deepEqual(await readdir(folder), []);
    }),
  );

  it(
    'may be empty before, and stays so after abort',
    inFolder(async (folder) => {
      const sink = await openFeaturesSink(options(folder));
      await sink.write(failed('a.jpg'));
      await sink.abort();
      assert.deepEqual(await readdir(folder), []);
      await writeAll(await openFeaturesSink(options(folder)), MAP_ROWS);
      assert.deepEqual(await readdir(folder), FILES);
    }),
  );

  it(
    'is replaced only with overwrite, on commit, with the stages it no longer has',
    inFolder(async (folder) => {
      const output = join(folder, 'features');
      await writeAll(await openFeaturesSink(options(output)), MAP_ROWS);
      await assert.rejects(openFeaturesSink(options(output)), /already exists/);
      const sink = await openFeaturesSink({ ...options(output, POOLED.slice(0, 1)), overwrite: true });
      await sink.write(failed('c.jpg'));
      assert.deepEqual((await readFloats(join(output, 'stage1.npy'))).shape, [2, 2, 1, 2]);
      await sink.commit();
      assert.deepEqual(await readdir(output), ['index.csv', 'stage1.npy']);
      assert.deepEqual((await readFloats(join(output, 'stage1.npy'))).shape, [1, 1]);
      assert.deepEqual(await readdir(folder), ['features']);
    }),
  );

  it(
    'keeps what was there when an overwriting run is aborted',
    inFolder(async (folder) => {
      await writeAll(await openFeaturesSink(options(folder)), MAP_ROWS);
      const sink = await openFeaturesSink({ ...options(folder), overwrite: true });
      await sink.write(failed('c.jpg'));
      await sink.abort();
      assert.deepEqual(await readdir(folder), FILES);
      assert.deepEqual((await readFloats(join(folder, 'stage1.npy'))).shape, [2, 2, 1, 2]);
    }),
  );

  it(
    'with anything else in it is refused, even with overwrite',
    inFolder(async (folder) => {
      for (const name of ['notes.txt', 'stage1.npy.bak', '.hidden']) {
        const output = join(folder, name.replaceAll('.', '_'));
        await mkdir(output);
        await writeFile(join(output, 'index.csv'), '');
        await writeFile(join(output, name), 'mine');
        await assert.rejects(
          openFeaturesSink({ ...options(output), overwrite: true }),
          new RegExp(`holds ${name}`),
        );
        assert.deepEqual((await readdir(output)).sort(), [name, 'index.csv'].sort());
      }
      await mkdir(join(folder, 'nested', 'stage1.npy'), { recursive: true });
      await assert.rejects(
        openFeaturesSink({ ...options(join(folder, 'nested')), overwrite: true }),
        /holds stage1/,
      );
    }),
  );

  it(
    'keeps a file of the user that appears while it is written',
    inFolder(async (folder) => {
      await writeAll(await openFeaturesSink(options(folder)), MAP_ROWS);
      const sink = await openFeaturesSink({ ...options(folder), overwrite: true });
      await writeFile(join(folder, 'notes.txt'), 'mine');
      await sink.commit();
      assert.deepEqual(await readdir(folder), ['index.csv', 'notes.txt', 'stage1.npy', 'stage3.npy']);
    }),
  );

  it(
    'does not replace one that appears while it is written',
    inFolder(async (folder) => {
      const output = join(folder, 'features');
      const sink = await openFeaturesSink(options(output));
      await mkdir(output);
      await assert.rejects(sink.commit(), /already exists/);
      await sink.abort();
      assert.deepEqual([await readdir(folder), await readdir(output)], [['features'], []]);
    }),
  );

  it(
    'may be named through a symbolic link',
    inFolder(async (folder) => {
      await mkdir(join(folder, 'real'));
      await symlink(join(await realpath(folder), 'real'), join(folder, 'link'), 'dir');
      await writeAll(await openFeaturesSink(options(join(folder, 'link'))), MAP_ROWS);
      assert.deepEqual(await readdir(join(folder, 'real')), FILES);
    }),
  );

  it(
    'is refused where a file has its name or its parent is missing',
    inFolder(async (folder) => {
      await writeFile(join(folder, 'file'), '');
      await assert.rejects(
        openFeaturesSink({ ...options(join(folder, 'file')), overwrite: true }),
        /is a file/,
      );
      await assert.rejects(openFeaturesSink(options(join(folder, 'no', 'such'))), /does not exist/);
    }),
  );
});
