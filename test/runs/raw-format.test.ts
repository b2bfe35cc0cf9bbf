import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { chooseFormat } from '../../src/outputs/format.js';
import { FORMATS } from '../../src/outputs/formats/registry.js';
import { classifyLayout, embedLayout, featuresLayout } from '../../src/outputs/index.js';
import type { OutputLayout } from '../../src/outputs/layout.js';
import { findRun } from '../../src/runs/find-run.js';
import { plannedFiles } from '../../src/runs/output-preview.js';
import { checkFiles, isUnaltered } from '../../src/runs/verify.js';
import { inFolder, placeOf } from '../outputs/scratch.js';
import { FEATURES, madeUpRun, Stopped } from '../support/made-up-run.js';
import { raw } from '../support/raw-format.js';

const EMBEDDINGS = embedLayout({ format: raw, shape: [FEATURES], dtype: 'float32' });
const LAYOUTS: readonly OutputLayout[] = [
  EMBEDDINGS,
  classifyLayout({ format: raw, scores: 'logits', labels: ['a', 'b', 'c'] }),
  featuresLayout({
    format: raw,
    dtype: 'float32',
    stages: [
      { name: 'stage1', shape: [2, 1, 1] },
      { name: 'stage2', shape: [2, 2, 2] },
    ],
  }),
];
const PATHS = ['a', 'bad', 'b', 'c', 'd'];

describe('a format that only the tests have', () => {
  it('can be chosen by name or extension once it is among the formats', () => {
    const formats = [...Object.values(FORMATS), raw];
    const choose = (output: string, asked?: string) =>
      chooseFormat({ command: 'embed', output, asked, otherwise: 'csv' }, formats).name;
    assert.equal(choose('a.F32'), 'f32');
    assert.equal(choose('a.bin', 'f32'), 'f32');
    assert.throws(() => choose('a.f32', 'npy'), /does not go with --format npy/);
    assert.throws(() => choose('-', 'f32'), /F32 cannot be written to standard output/);
    assert.throws(() => choose('a.xyz'), /expected \.csv, \.npy, \.jsonl, \.ndjson, \.parquet or \.f32$/);
  });

  for (const layout of LAYOUTS) {
    const { layout: arrangement } = layout.arrangement;
    const width = layout.files.reduce((sum, { rows }) => sum + (rows?.bytes ?? 0), 0);

    it(
      `can be interrupted, resumed, verified and synced: ${arrangement}, rows of ${width} bytes`,
      inFolder(async (folder) => {
        const output = join(folder, 'out.f32');
        const run = { outputs: [{ output, layout }], paths: PATHS };
        await assert.rejects(madeUpRun({ ...run, mode: 'new', rows: 3 }), Stopped);
        assert.equal(await madeUpRun({ ...run, mode: 'resume' }), 2);

        const { place, manifest } = await findRun(output);
        assert.deepEqual(
          manifest.outputs.map(({ name }) => name),
          ['out.index.csv', ...(arrangement === 'scores' ? ['out.classes.csv'] : []), 'out.f32'],
        );
        for await (const file of checkFiles(place, manifest)) assert.ok(isUnaltered(file), file.path);

        const [header = '', ...rest] = (await readFile(output, 'latin1')).split('\n');
        assert.equal(JSON.parse(header).rows, PATHS.length);
        assert.equal(rest.join('\n').length, PATHS.length * width);

        const paths = ['new', ...PATHS.toReversed()];
        assert.equal(await madeUpRun({ ...run, mode: 'sync', paths }), 1);
        const own = join(folder, 'own.f32');
        await madeUpRun({ outputs: [{ output: own, layout }], mode: 'new', paths });
        assert.deepEqual(await readFile(output), await readFile(own));
        const index = await readFile(join(folder, 'out.index.csv'), 'utf8');
        assert.equal(index, await readFile(join(folder, 'own.index.csv'), 'utf8'));
        assert.deepEqual(
          (await readdir(folder)).filter((name) => name.includes('partial')),
          [],
        );
      }),
    );
  }

  it(
    'appears in a dry run file by file',
    inFolder(async (folder) => {
      const output = join(folder, 'out.f32');
      const place = await placeOf(output, EMBEDDINGS);
      const files = plannedFiles(place, EMBEDDINGS, 12, output);
      assert.deepEqual(
        files.map(({ name, rowBytes, exact }) => [name, rowBytes, exact]),
        [
          ['out.f32', 4 * FEATURES, true],
          ['out.index.csv', 12, false],
          ['out.f32.run.rows', 40, true],
        ],
      );
    }),
  );
});
