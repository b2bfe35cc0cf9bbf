import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FormatError } from '../../../src/errors.js';
import { featuresLayout } from '../../../src/outputs/features-layout.js';
import { FORMATS } from '../../../src/outputs/formats/registry.js';
import type { OutputLayout } from '../../../src/outputs/layout.js';
import { isGrowing } from '../../../src/outputs/row-file.js';
import { blocksOf, packed, packingOf, rowBytes, unpacked } from '../../support/packing-of.js';
import { readFloats } from '../../support/read-npy.js';
import { failed, float32, inFolder, ok } from '../scratch.js';

const IDS = [
  'a/x.jpg',
  'a/X.jpg',
  '=b, "q".png',
  'a/x.jpg',
  'c\nd.gif',
  '/e/../f.webp',
  'a/x.jpg~3',
  'é',
  'g',
];
const ROWS = IDS.flatMap((id, i) => [
  ...(i % 4 === 1 ? [failed(`bad ${i}`)] : []),
  ok(id, { stage1: float32([i, 1, 2, 3], [1, 2, 2]), stage3: float32([i, -i, 0]) }),
]);

/** Returns a layout of one array per image and stage, packed two rows at a time. */
function treeLayout(csvSafe = false): OutputLayout {
  const layout = featuresLayout({
    format: FORMATS.npy,
    dtype: 'float32',
    perImage: true,
    csvSafe,
    stages: [
      { name: 'stage1', shape: [1, 2, 2] },
      { name: 'stage3', shape: [3] },
    ],
  });
  return { ...layout, packing: { ...packingOf(layout), block: { rows: 2, textBytes: 1000 } } };
}

/** Returns the contents of the files under a folder, by name. */
async function filesIn(folder: string): Promise<Readonly<Record<string, string>>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const files = await Promise.all(
    paths.map(
      async (path) => [path.slice(folder.length + 1), (await readFile(path)).toString('latin1')] as const,
    ),
  );
  return Object.fromEntries(files.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

describe('one array per image', () => {
  const output = 'pyramid';

  it(
    'holds the tensors of each image under its path, and names the files of each row',
    inFolder(async (folder) => {
      const layout = treeLayout();
      assert.deepEqual(await packed(layout, ROWS, { folder, output }), ['checksums.txt', 'index.csv']);
      const index = await readFile(join(folder, 'index.csv'), 'utf8');
      assert.equal(
        index,
        [
          'row,path,error,stem',
          '0,a/x.jpg,,a/x.jpg',
          '1,bad 1,"decode_failed: premature end, ""at"" byte 12",',
          '2,a/X.jpg,,a/X.jpg~2',
          '3,"=b, ""q"".png",,"=b, _q_.png"',
          '4,a/x.jpg,,a/x.jpg~4',
          '5,"c\nd.gif",,c_d.gif',
          '6,bad 5,"decode_failed: premature end, ""at"" byte 12",',
          '7,/e/../f.webp,,e/_/f.webp',
          '8,a/x.jpg~3,,a/x.jpg~3',
          '9,é,,é',
          '10,g,,g',
          '',
        ].join('\n'),
      );
      const map = await readFloats(join(folder, 'a/x.jpg~4.stage1.npy'));
      assert.deepEqual(map.shape, [1, 2, 2]);
      assert.deepEqual([...map.data], [3, 1, 2, 3]);
      const pooled = await readFloats(join(folder, 'e/_/f.webp.stage3.npy'));
      assert.deepEqual([pooled.shape, [...pooled.data]], [[3], [5, -5, 0]]);
    }),
  );

  it(
    'has checksums of all arrays and of nothing else, as sha256sum writes them',
    inFolder(async (folder) => {
      await packed(treeLayout(), ROWS, { folder, output });
      const { 'checksums.txt': checksums = '', 'index.csv': index, ...arrays } = await filesIn(folder);
      assert.ok(index !== undefined);
      assert.equal(Object.keys(arrays).length, 2 * IDS.length);
      const lines = Object.entries(arrays).map(([name, bytes]) => {
        const digest = createHash('sha256').update(bytes, 'latin1').digest('hex');
        return `${digest}  ${name}`;
      });
      const found = Buffer.from(checksums, 'latin1').toString().split('\n').slice(0, -1);
      assert.deepEqual(found.toSorted(), lines.toSorted());
    }),
  );

  it(
    'has the same files however often its packing is interrupted',
    inFolder(async (folder) => {
      const layout = treeLayout();
      await packed(layout, ROWS, { folder: join(folder, 'once'), output });
      const expected = await filesIn(join(folder, 'once'));
      const count = blocksOf(layout, ROWS).length;
      for (let after = 0; after <= count; after++) {
        for (const recorded of [0, Math.max(0, after - 2), after]) {
          const again = join(folder, `${after} ${recorded}`);
          await packed(layout, ROWS, { folder: again, output, crashes: [{ after, recorded }] });
          assert.deepEqual(await filesIn(again), expected, `${after} ${recorded}`);
        }
      }
    }),
  );

  for (const csvSafe of [false, true]) {
    it(
      `is read back as its rows, NaN for failed ones${csvSafe ? ', also if it is safe for spreadsheets' : ''}`,
      inFolder(async (folder) => {
        const layout = treeLayout(csvSafe);
        await packed(layout, ROWS, { folder, output });
        const read = await unpacked(layout, folder, output);
        for (const file of layout.files.filter(isGrowing))
          assert.ok(read.get(file)?.equals(Buffer.concat(rowBytes(file, ROWS))), file.name(output));
      }),
    );
  }

  it(
    'is refused if an array or the index is damaged',
    inFolder(async (folder) => {
      const layout = treeLayout();
      const array = join(folder, 'a/x.jpg.stage1.npy');
      const index = join(folder, 'index.csv');
      const damages = [
        () => rm(array),
        () => writeFile(array, 'short'),
        async () => writeFile(array, await readFile(join(folder, 'a/x.jpg.stage3.npy'))),
        async () => writeFile(index, (await readFile(index)).subarray(0, -1)),
        async () => writeFile(index, (await readFile(index, 'utf8')).replace('stem', 'file')),
        () => writeFile(index, ''),
      ];
      for (const damage of damages) {
        await packed(layout, ROWS, { folder, output });
        await damage();
        await assert.rejects(unpacked(layout, folder, output), FormatError);
      }
    }),
  );

  it(
    'is an index and checksums without rows',
    inFolder(async (folder) => {
      await packed(treeLayout(), [], { folder, output });
      assert.deepEqual(await filesIn(folder), { 'checksums.txt': '', 'index.csv': 'row,path,error,stem\n' });
      assert.ok(
        [...(await unpacked(treeLayout(), folder, output)).values()].every((bytes) => bytes.byteLength === 0),
      );
    }),
  );

  it('is written by NPY only', () => {
    const stages = [{ name: 'stage1', shape: [1] }];
    for (const format of [FORMATS.csv, FORMATS.jsonl])
      assert.throws(
        () => featuresLayout({ format, stages, dtype: 'float32', perImage: true }),
        /^OutputError: --layout per-image writes NPY, not (CSV|JSONL)$/,
      );
  });

  it('has blocks of rows that fit in memory', () => {
    const stages = [{ name: 'stage1', shape: [256, 64, 64] }];
    const { packing } = featuresLayout({ format: FORMATS.npy, stages, dtype: 'float32', perImage: true });
    assert.equal(packing?.block.rows, 4);
  });
});
