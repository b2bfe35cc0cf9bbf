import assert from 'node:assert/strict';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { NpyFile } from '../../src/outputs/npy-file.js';
import { PendingFile } from '../../src/outputs/pending-file.js';
import { readFloats } from '../support/read-npy.js';
import { float32, inFolder } from './scratch.js';

describe('NpyFile', () => {
  it(
    'holds the rows in order over many buffers, and nothing behind them',
    inFolder(async (folder) => {
      const file = await PendingFile.create(join(folder, 'a.npy'));
      const npy = await NpyFile.start(file, 'float32', [3, 1000]);
      for (let i = 0; i < 300; i += 1) await npy.append(float32(new Array<number>(3000).fill(i)).data);
      await npy.appendNaN();
      await npy.finish();
      await file.publish(false);
      const { shape, dtype, data } = await readFloats(file.target);
      assert.deepEqual([shape, dtype], [[301, 3, 1000], 'f4']);
      assert.equal((await stat(file.target)).size, 128 + 301 * 3000 * 4);
      for (let i = 0; i < 300; i += 1) assert.ok(data.slice(3000 * i, 3000 * (i + 1)).every((v) => v === i));
      assert.ok(data.slice(-3000).every(Number.isNaN));
    }),
  );

  it(
    'copies a row, so that its buffer may be reused',
    inFolder(async (folder) => {
      const file = await PendingFile.create(join(folder, 'a.npy'));
      const npy = await NpyFile.start(file, 'float32', [1]);
      const row = float32([1]);
      await npy.append(row.data);
      row.data.fill(0);
      await npy.finish();
      await file.publish(false);
      assert.deepEqual((await readFloats(file.target)).data, Float32Array.of(1));
    }),
  );

  it(
    'takes rows larger than its buffer',
    inFolder(async (folder) => {
      const file = await PendingFile.create(join(folder, 'a.npy'));
      const npy = await NpyFile.start(file, 'float32', [600_000]);
      for (const value of [1, 2]) await npy.append(float32(new Array<number>(600_000).fill(value)).data);
      await npy.finish();
      await file.publish(false);
      const { shape, data } = await readFloats(file.target);
      assert.deepEqual([shape, data[599_999], data[600_000]], [[2, 600_000], 1, 2]);
    }),
  );
});
