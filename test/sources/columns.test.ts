import assert from 'node:assert/strict';
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Columns } from '../../src/rows.js';
import { keptColumns } from '../../src/sources/kept-columns.js';
import { columnsOf, itemsOf } from '../../src/sources/registry.js';
import type { WalkOptions } from '../../src/sources/source.js';
import { type TarEntry, tarEntry, tarOf, zipOf } from '../support/archives.js';
import { ROOT } from '../support/root.js';

const EXTENSIONS = new Set(['.png', '.jpg']);
const PARQUET = join(ROOT, 'fixtures/parquet');

describe('columns', () => {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'halonet-columns-'));
  });
  afterEach(() => rm(root, { recursive: true }));

  const at = (name: string) => join(root, name);
  const write = (name: string, bytes: string | Buffer) => writeFile(at(name), bytes);
  const writeTar = (
    name: string,
    ...entries: readonly (readonly [name: string, content: string | Buffer])[]
  ) => write(name, tarOf(...entries.map(([one, content]): TarEntry => ({ name: one, content }))));

  const optionsOf = (options: Partial<WalkOptions>): WalkOptions => ({ extensions: EXTENSIONS, ...options });

  /** Returns the ids and the columns of items, and the notes of their walk. */
  async function walk(
    names: readonly string[],
    columns: readonly string[],
    options: Partial<WalkOptions> = {},
  ) {
    const [ids, values, notes]: [string[], (Columns | undefined)[], string[]] = [[], [], []];
    const onNote = (text: string) => notes.push(text.replaceAll(`${root}/`, ''));
    for await (const item of itemsOf(names.map(at), optionsOf({ columns, onNote, ...options }))) {
      ids.push(item.id.replace(`${root}/`, ''));
      values.push(item.columns);
    }
    return { ids, values, notes };
  }

  /** Returns the columns that inputs have, or those of names that are asked for. */
  async function kept(
    names: readonly string[],
    keep: readonly string[] | 'all' = 'all',
    options: Partial<WalkOptions> = {},
  ) {
    return keptColumns(keep, await columnsOf(names.map(at), optionsOf(options)));
  }

  describe('of samples', () => {
    for (const name of ['a.tar', 'a.zip']) {
      it(`come with their image, wherever they stand in the sample: ${name}`, async () => {
        const entries: [string, string][] = [
          ['0.json', '{"caption":"first","score":0.5,"box":[1,2],"ok":true}'],
          ['0.png', 'x'],
          ['0.cls', '7\n'],
          ['d.e/0.PNG', 'x'],
          ['d.e/0.seg.png', 'x'],
          ['d.e/0.CLS', 'cat'],
          ['d.e/0.json', '{"caption":"second"}'],
          ['d.e/0.txt', 'a text\nof lines\n'],
          ['1.png', 'x'],
          ['0.txt', 'not next to its image'],
        ];
        if (name === 'a.tar') await writeTar(name, ...entries);
        else await write(name, zipOf(entries.map(([one, content]) => ({ name: one, content }))));
        const { ids, values, notes } = await walk([name], ['caption', 'cls', 'txt', 'score', 'box', 'ok']);
        const nothing = { caption: null, cls: null, txt: null, score: null, box: null, ok: null };
        const second = { ...nothing, caption: 'second', cls: 'cat', txt: 'a text\nof lines' };
        assert.deepEqual(
          ids,
          ['0.png', 'd.e/0.PNG', 'd.e/0.seg.png', '1.png'].map((one) => `${name}/${one}`),
        );
        assert.deepEqual(values, [
          { caption: 'first', cls: 7, txt: null, score: 0.5, box: '[1,2]', ok: true },
          second,
          second,
          nothing,
        ]);
        assert.deepEqual(notes, []);
        assert.deepEqual(await kept([name]), ['cls', 'caption', 'score', 'box', 'ok']);
      });
    }

    it('win over members of JSON with their names, which may be those of every object', async () => {
      await writeTar(
        'a.tar',
        ['0.json', '{"__proto__":"p","cls":"json","constructor":1}'],
        ['0.png', 'x'],
        ['0.cls', '-3'],
      );
      const names = ['cls', '__proto__', 'constructor', 'toString'];
      const { values } = await walk(['a.tar'], names);
      assert.deepEqual(Object.entries(values[0] ?? {}), [
        ['cls', -3],
        ['__proto__', 'p'],
        ['constructor', 1],
        ['toString', null],
      ]);
      await writeTar('b.tar', ['0.constructor', 'x'], ['0.png', 'x'], ['0.toString', 'x']);
      assert.deepEqual((await walk(['b.tar'], ['constructor'])).values, [{ constructor: null }]);
    });

    it('that cannot be read are empty, and a note names the first', async () => {
      await writeTar(
        'a.tar',
        ...([
          ['0.json', '{"n":'],
          ['0.png', 'x'],
          ['0.cls', '1'],
        ] as const),
        ...([
          ['1.json', '[1]'],
          ['1.png', 'x'],
        ] as const),
        ...([
          ['2.json', '{"n":2}'.padEnd(2 ** 22 + 1)],
          ['2.png', 'x'],
        ] as const),
        ...([
          ['3.png', 'x'],
          ['3.json', '{"n":3}'],
        ] as const),
      );
      const { values, notes } = await walk(['a.tar'], ['n', 'cls']);
      const empty = { n: null, cls: null };
      assert.deepEqual(values, [{ n: null, cls: 1 }, empty, empty, { n: 3, cls: null }]);
      assert.deepEqual(notes, [
        'a.tar: columns of 3 images cannot be read; the first: 0.json: it is not JSON',
      ]);
    });

    it('are empty in a sample of more than 1024 members, which is not held in memory', async () => {
      const images = Array.from({ length: 1026 }, (_, i) => [`a.${i}.png`, ''] as const);
      await writeTar(
        'a.tar',
        ['a.cls', '1'],
        ...images,
        ['a.json', '{"n":1}'],
        ['b.cls', '2'],
        ['b.png', ''],
      );
      const { ids, values, notes } = await walk(['a.tar'], ['cls', 'n']);
      assert.deepEqual(ids, [...images.map(([name]) => `a.tar/${name}`), 'a.tar/b.png']);
      assert.ok(values.slice(0, -1).every((one) => one?.cls === null && one.n === null));
      assert.deepEqual(values.at(-1), { cls: 2, n: null });
      assert.match(
        notes[0] ?? '',
        /^a\.tar: columns of 1,025 images cannot be read; the first: a has more than 1024 members$/,
      );
    });

    it('before the place where an archive is damaged still come with their images', async () => {
      const members = [tarEntry({ name: '0.png' }), tarEntry({ name: '0.cls', content: '1' })];
      await write('a.tar', Buffer.concat([...members, Buffer.alloc(512, 'x')]));
      const { ids, values } = await walk(['a.tar'], ['cls']);
      assert.deepEqual(
        [ids, values],
        [
          ['a.tar/0.png', 'a.tar'],
          [{ cls: 1 }, { cls: null }],
        ],
      );
      assert.deepEqual(await kept(['a.tar'], ['cls']), ['cls']);
    });

    it('are not read, and their members count as skipped, if none are kept', async () => {
      await writeTar('a.tar', ['0.json', '{'], ['0.png', 'x'], ['0.cls', '1']);
      const skipped: string[] = [];
      const onSkipped = (path: string) => void skipped.push(path.replace(`${root}/`, ''));
      const { values, notes } = await walk(['a.tar'], [], { onSkipped });
      assert.deepEqual([values, notes, skipped], [[undefined], [], ['a.tar/0.json', 'a.tar/0.cls']]);
      skipped.length = 0;
      await walk(['a.tar'], ['cls'], { onSkipped });
      assert.deepEqual(skipped, []);
    });
  });

  describe('of Parquet files', () => {
    it('come with the rows, and the path that stands beside an image', async () => {
      await copyFile(join(PARQUET, 'pyarrow-snappy.parquet'), at('d.parquet'));
      assert.deepEqual(await kept(['d.parquet']), ['label', 'image.path']);
      const { ids, values, notes } = await walk(['d.parquet'], ['image.path', 'label', 'none']);
      const names = ['a.png', 'b.png', 'c.jpg', 'd.png', 'e.jpg', 'f.png', 'g.png'];
      assert.deepEqual(
        ids,
        names.map((_, row) => `d.parquet/${row}`),
      );
      assert.deepEqual(
        values.map((one) => one?.label),
        [0, 1, 2, 3, 4, 5, 6],
      );
      assert.deepEqual(
        values.map((one) => one?.['image.path']),
        names,
      );
      assert.deepEqual([values[0]?.none, notes], [null, []]);
    });

    it('are null where there are none', async () => {
      await copyFile(join(PARQUET, 'pyarrow-nulls-v2.parquet'), at('n.parquet'));
      const { values } = await walk(['n.parquet'], ['image.path']);
      assert.ok(values.some((one) => one?.['image.path'] === null));
      assert.ok(
        values.some((one) => one?.['image.path'] === 'b.png'),
        JSON.stringify(values),
      );
    });

    it('that cannot be read end with a note, and not the images', async () => {
      await copyFile(join(PARQUET, 'pyarrow-none-checksum.parquet'), at('d.parquet'));
      const bytes = await readFile(at('d.parquet'));
      const labels = Buffer.alloc(16);
      labels.writeBigInt64LE(4n, 0);
      labels.writeBigInt64LE(5n, 8);
      const place = bytes.indexOf(labels); // in the page of rows 4 and 5
      assert.ok(place > 0);
      bytes[place] = 9; // so its checksum is wrong
      await write('d.parquet', bytes);
      const { ids, values, notes } = await walk(['d.parquet'], ['label']);
      assert.equal(ids.length, 7);
      assert.deepEqual(
        values.map((one) => one?.label),
        [0, 1, 2, 3, null, null, null],
      );
      assert.deepEqual(notes, [
        'd.parquet: no columns from row 4 on: column "label" cannot be read: the CRC-32 of a page is wrong',
      ]);
    });
  });

  describe('of several inputs', () => {
    beforeEach(async () => {
      await copyFile(join(PARQUET, 'pyarrow-none-checksum.parquet'), at('d.parquet'));
      await writeTar('a.tar', ['0.png', 'x'], ['0.cls', '1'], ['0.json', '{"label":"x"}']);
      await writeTar('b.tar', ['0.png', 'x'], ['0.txt', 'words']);
      await mkdir(at('photos'));
      await write('photos/0.png', 'x');
    });

    it('are those of each in turn, and null where an image has none', async () => {
      assert.deepEqual(await kept(['photos', 'a.tar', 'd.parquet']), ['cls', 'label']);
      const { ids, values } = await walk(['photos', 'a.tar', 'd.parquet'], ['cls', 'label'], {});
      assert.deepEqual(ids.slice(0, 3), ['photos/0.png', 'a.tar/0.png', 'd.parquet/0']);
      assert.deepEqual(values.slice(0, 3), [
        { cls: null, label: null },
        { cls: 1, label: 'x' },
        { cls: null, label: 0 },
      ]);
    });

    it('may have any letters, beside inputs without columns or with unknown ones', async () => {
      await write('list.csv', 'path,n,o\nphotos/0.png,1,2\n');
      const inputs = await columnsOf([at('photos'), '-'], optionsOf({ list: { path: at('list.csv') } }));
      assert.deepEqual(keptColumns('all', inputs), ['n', 'o']);
    });

    it('of a pattern are those of its first match', async () => {
      assert.deepEqual(await kept(['*.tar']), ['cls', 'label']);
      assert.deepEqual(await kept(['{b,a}.tar']), ['txt']);
      assert.deepEqual((await walk(['*.tar'], ['cls'])).values, [{ cls: 1 }, { cls: null }]);
      assert.throws(() => keptColumns('all', [{ name: 'x', columns: 'none' }]), /the inputs have no columns/);
    });

    it('of a list win over those of what its lines name', async () => {
      await write('list.csv', 'path,label,n\na.tar,mine,1\nphotos/0.png,,2\nd.parquet,,\n');
      const list = { path: at('list.csv') };
      assert.deepEqual(await kept([], 'all', { list }), ['label', 'n', 'cls']);
      assert.deepEqual(
        await kept([], ['path'], { list }).catch(({ message }: Error) => message),
        '--keep-columns: the output has a column "path" of its own',
      );
      const { values } = await walk([], ['label', 'n', 'cls'], { list });
      assert.deepEqual(values.slice(0, 3), [
        { label: 'mine', n: '1', cls: 1 },
        { label: '', n: '2', cls: null },
        { label: '', n: '', cls: null },
      ]);
    });

    it('are the same for an image that is named on its own', async () => {
      const names = ['d.parquet/6', 'a.tar/0.png', 'd.parquet/2', 'd.parquet/7', 'a.tar/0.png#xywh=0,0,5,5'];
      assert.deepEqual(await kept(names), ['label', 'cls']);
      const expected = [
        { cls: null, label: 6 },
        { cls: 1, label: 'x' },
        { cls: null, label: 2 },
        { cls: null, label: null },
        { cls: 1, label: 'x' },
      ];
      assert.deepEqual((await walk(names, ['cls', 'label'])).values, expected);
      await write('list.txt', names.join('\n'));
      const list = { path: at('list.txt') };
      assert.deepEqual(await kept([], ['label'], { list }), ['label']);
      assert.deepEqual((await walk([], ['cls', 'label'], { list })).values, expected);
    });

    it('of a text list are those of what its first line names', async () => {
      await write('list.txt', 'd.parquet\na.tar\n');
      const list = { path: at('list.txt') };
      assert.deepEqual(await kept([], 'all', { list }), ['label']);
      const { values } = await walk([], ['label'], { list });
      assert.deepEqual([values[6], values[7]], [{ label: 6 }, { label: 'x' }]);
    });

    it('that none of them has are refused, unless only reading them can tell', async () => {
      const refusals: [readonly string[], readonly string[], RegExp][] = [
        [['d.parquet', 'a.tar'], ['lable'], /^--keep-columns: no input has a column "lable"$/],
        [['b.tar'], ['cls'], /^--keep-columns: no input has a column "cls"$/],
        [['photos'], ['cls', 'x'], /^--keep-columns cls,x: the inputs have no columns$/],
        [['a.tar'], ['error'], /no input has a column "error"/],
      ];
      for (const [names, keep, message] of refusals) await assert.rejects(kept(names, keep), { message });
      const stdin = await columnsOf(['-'], optionsOf({}));
      assert.deepEqual(keptColumns(['anything'], stdin), ['anything']);
      assert.deepEqual(keptColumns('all', stdin), []);
    });

    it('with a name of the output, or that a list has twice, are refused', async () => {
      await writeTar('e.tar', ['0.png', 'x'], ['0.json', '{"error":1,"x":2}']);
      await assert.rejects(kept(['e.tar'], ['error']), /the output has a column "error" of its own/);
      assert.deepEqual(await kept(['e.tar']), ['x']); // all leaves it out
      assert.deepEqual(await kept(['e.tar'], ['x']), ['x']);
      await write('twice.csv', 'path,a,a\n');
      await assert.rejects(
        kept([], 'all', { list: { path: at('twice.csv') } }),
        /twice\.csv has two columns "a"/,
      );
    });
  });
});
