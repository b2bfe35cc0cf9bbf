import assert from 'node:assert/strict';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { checkOutput } from '../../src/outputs/index.js';
import { inFolder } from './scratch.js';

describe('checkOutput', () => {
  it(
    'refuses what opening would refuse',
    inFolder(async (folder) => {
      for (const name of ['a.csv', 'a.index.csv', 'stage1.npy.old']) await writeFile(join(folder, name), '');
      const target = (name: string) => ({ output: join(folder, name), overwrite: false });
      await assert.rejects(checkOutput('classify', 'csv', target('a.csv')), /--overwrite|already exists/);
      await assert.rejects(checkOutput('embed', 'npy', target('a.npy')), /a\.index\.csv already exists/);
      await assert.rejects(checkOutput('features', 'npy', target('')), /holds a\.csv/);
      await assert.rejects(checkOutput('features', 'jsonl', target('no/b.jsonl')), /mkdir -p|does not exist/);
      await assert.rejects(checkOutput('features', 'csv', { ...target('b.csv'), pooled: false }), /pooled/);
    }),
  );

  it(
    'leaves no trace of what it accepts',
    inFolder(async (folder) => {
      const target = { output: join(folder, 'a'), overwrite: false };
      for (const command of ['classify', 'embed', 'features'] as const) {
        for (const format of ['csv', 'npy', 'jsonl'] as const) {
          await checkOutput(command, format, { ...target, pooled: true });
        }
      }
      assert.deepEqual(await readdir(folder), []);
    }),
  );
});
