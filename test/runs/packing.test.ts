import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { OutputLayout } from '../../src/outputs/layout.js';
import type { RowBlock } from '../../src/outputs/packing.js';
import { inFolder } from '../outputs/scratch.js';
import { FEATURES, type MadeUpRun, madeUpRun } from '../support/made-up-run.js';
import { packedLayout } from '../support/packed-format.js';

const PATHS = ['a', 'b', 'bad', 'c', 'd', 'e', 'f'];
const NAME = 'rows.packed';

/** Returns the paths in the text of a packed file, in order. */
async function pathsIn(file: string): Promise<readonly string[]> {
  const blocks = (await readFile(file, 'utf8')).split('\n').slice(1, -1);
  const text = blocks.map((line) => Buffer.from(JSON.parse(line)[1], 'base64').toString());
  return text
    .join('')
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/,.*/, '').replaceAll('"', ''));
}

/** Returns a layout whose packing calls `before` with each block. */
function watched(layout: OutputLayout, before: (block: RowBlock) => Promise<void>): OutputLayout {
  const { packing } = layout;
  assert.ok(packing);
  return {
    ...layout,
    packing: {
      ...packing,
      open: async (options) => {
        const packer = await packing.open(options);
        return {
          pack: async (block) => {
            await before(block);
            return packer.pack(block);
          },
          sync: () => packer.sync(),
          finish: () => packer.finish(),
          close: () => packer.close(),
        };
      },
    },
  };
}

describe('a packed output', () => {
  const runTo = (folder: string, layout: OutputLayout) => (run: Pick<MadeUpRun, 'mode' | 'paths'>) =>
    madeUpRun({ ...run, outputs: [{ layout, output: join(folder, NAME) }] });

  it(
    'continues after the blocks that were on disk, and ends with the same bytes',
    inFolder(async (folder) => {
      const layout = packedLayout(FEATURES);
      await runTo(join(folder), layout)({ mode: 'new', paths: PATHS });
      const expected = await readFile(join(folder, NAME));
      const stops = watched(layout, async ({ first }) => {
        await sleep(10); // longer than the time between checkpoints
        if (first === 4) throw new Error('stopped');
      });
      const first = runTo(folder, stops)({ mode: 'overwrite', paths: PATHS });
      await assert.rejects(first, /stopped/);
      const packed: number[] = [];
      const counts = watched(layout, async (block) => void packed.push(block.first));
      await runTo(folder, counts)({ mode: 'resume', paths: PATHS });
      assert.deepEqual(packed, [4, 6]);
      assert.deepEqual(await readFile(join(folder, NAME)), expected);
    }),
  );

  it(
    'is packed anew if rows have been added since',
    inFolder(async (folder) => {
      const layout = packedLayout(FEATURES);
      await runTo(folder, layout)({ mode: 'new', paths: PATHS });
      const expected = await readFile(join(folder, NAME));
      const stops = watched(layout, async ({ first }) => {
        await sleep(10);
        if (first === 2) throw new Error('stopped');
      });
      const shorter = PATHS.slice(0, -3); // its last block has fewer rows than a whole one
      await assert.rejects(runTo(folder, stops)({ mode: 'overwrite', paths: shorter }), /stopped/);
      await runTo(folder, layout)({ mode: 'resume', paths: PATHS });
      assert.deepEqual(await readFile(join(folder, NAME)), expected);
    }),
  );

  for (const shifts of [false, true]) {
    it(
      `gives its rows back to a later run${shifts ? ', also with text of other lengths' : ''}`,
      inFolder(async (folder) => {
        const run = runTo(folder, packedLayout(FEATURES, shifts));
        await run({ mode: 'new', paths: PATHS });
        const changed = ['new', ...PATHS.toReversed()];
        assert.equal(await run({ mode: 'sync', paths: changed }), 1);
        assert.deepEqual(await pathsIn(join(folder, NAME)), changed);
        assert.equal(await run({ mode: 'sync', paths: PATHS }), 0);
        assert.deepEqual(await pathsIn(join(folder, NAME)), PATHS);
      }),
    );
  }

  it(
    'is refused as damaged if its rows cannot be read back',
    inFolder(async (folder) => {
      const layout = packedLayout(FEATURES);
      await runTo(folder, layout)({ mode: 'new', paths: PATHS });
      const { packing } = layout;
      assert.ok(packing);
      const broken: OutputLayout = {
        ...layout,
        packing: {
          ...packing,
          unpack: async function* (paths) {
            const blocks = packing.unpack(paths)[Symbol.asyncIterator]();
            const { value } = await blocks.next();
            yield { ...value, lengths: [10, 10] };
          },
        },
      };
      await assert.rejects(
        runTo(folder, broken)({ mode: 'sync', paths: ['new', ...PATHS] }),
        /cannot be read back: expected 7 rows, and it has 2/,
      );
    }),
  );
});
