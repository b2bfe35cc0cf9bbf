import assert from 'node:assert/strict';
import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { OutputError } from '../../src/errors.js';
import { ARRANGEMENTS, type Arrangement } from '../../src/outputs/arrangement.js';
import { findOutputs } from '../../src/runs/find-outputs.js';
import { inFolder } from '../outputs/scratch.js';

const { text, matrix, folder: maps } = ARRANGEMENTS;

const wanted = (folder: string, ...outputs: readonly (readonly [string, Arrangement])[]) =>
  findOutputs({
    outputs: outputs.map(([name, arrangement]) => ({ output: join(folder, name), arrangement })),
  });

const refusing = (message: RegExp) => (error: unknown) =>
  error instanceof OutputError && message.test(error.message) && error.hint !== undefined;

describe('findOutputs', () => {
  it(
    'finds each output, in order',
    inFolder(async (folder) => {
      await mkdir(join(folder, 'arrays'));
      const found = await wanted(folder, ['a.csv', text], ['arrays/a.npy', matrix], ['maps', maps]);
      assert.ok(found.kind === 'files');
      const { lead, others } = found.places;
      assert.deepEqual(
        [lead, ...others].map(({ path }) => path),
        ['a.csv', 'arrays/a.npy', 'maps'].map((name) => join(folder, name)),
      );
    }),
  );

  it(
    'refuses two outputs that would share a file or folder, however their paths are spelled',
    inFolder(async (folder) => {
      await mkdir(join(folder, 'maps'));
      await mkdir(join(folder, 'real'));
      await symlink('real', join(folder, 'link'));
      const cases: readonly (readonly [readonly [string, Arrangement][], string])[] = [
        [
          [
            ['a.csv', text],
            ['a.csv', text],
          ],
          'a.csv',
        ],
        [
          [
            ['a.csv', text],
            ['./maps/../a.csv', text],
          ],
          'a.csv',
        ],
        [
          [
            ['real/a.csv', text],
            ['link/a.csv', text],
          ],
          'real/a.csv',
        ],
        [
          [
            ['a.npy', matrix],
            ['a.index.csv', text],
          ],
          'a.index.csv',
        ],
        [
          [
            ['a.index.csv', text],
            ['a.npy', matrix],
          ],
          'a.index.csv',
        ],
        [
          [
            ['a.npy', matrix],
            ['b.csv', text],
            ['a.npy.run.json', text],
          ],
          'a.npy.run.json',
        ],
        [
          [
            ['a.csv', text],
            ['a.csv.lock', text],
          ],
          'a.csv.lock',
        ],
        [
          [
            ['maps', maps],
            ['maps/a.csv', text],
          ],
          'maps/a.csv',
        ],
        [
          [
            ['maps/a.csv', text],
            ['maps', maps],
          ],
          'maps/a.csv',
        ],
        [
          [
            ['a.csv', text],
            ['a.csv.partial', maps],
          ],
          'a.csv.partial',
        ],
      ];
      for (const [outputs, shared] of cases) {
        const path = join(folder, shared).replaceAll('.', '\\.');
        const refused = refusing(
          new RegExp(
            `cannot be outputs of one run: both need ${path} for themselves$|^two outputs have the name`,
          ),
        );
        await assert.rejects(wanted(folder, ...outputs), refused, outputs.map(([name]) => name).join());
      }
      await wanted(folder, ['a.csv', text], ['a.npy', matrix], ['a', maps]); // names that only look alike
    }),
  );

  it('takes a stream only as a single output', async () => {
    assert.deepEqual(await findOutputs({ outputs: [{ output: '-', arrangement: text }] }), {
      kind: 'stream',
    });
    for (const output of ['-', '/dev/null']) {
      const outputs = [output, 'x.csv'].map((name) => ({ output: name, arrangement: text }));
      await assert.rejects(findOutputs({ outputs }), refusing(/cannot be one of several outputs/));
    }
  });
});
