import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import {
  copyFile,
  mkdir,
  mkdtemp,
  readFile,
  realpath,
  rename,
  rm,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { InputError } from '../../src/errors.js';
import type { Item } from '../../src/item.js';
import { ImageRefusal } from '../../src/refusal.js';
import { ItemFinder } from '../../src/sources/item-finder.js';
import { itemsOf, refuseMistaken } from '../../src/sources/registry.js';
import type { WalkOptions } from '../../src/sources/source.js';
import { ROOT } from '../support/cli.js';
import { column, page, parquetOf, plain } from '../support/parquet.js';

const FIXTURES = join(ROOT, 'fixtures/parquet');
const LIMIT = 2 ** 20; // bytes

/** A file with texts as images, two in each row group. */
function textsOf(...texts: readonly string[]): Buffer {
  const groups = [];
  for (let i = 0; i < texts.length; i += 2) {
    const values = texts.slice(i, i + 2);
    groups.push({ rows: values.length, pages: [page(plain(...values), { rows: values.length })] });
  }
  return parquetOf(groups);
}

describe('Parquet files as inputs', () => {
  let root = '';
  beforeEach(async () => {
    root = await realpath(await mkdtemp(join(tmpdir(), 'halonet-parquet-')));
  });
  afterEach(() => rm(root, { recursive: true }));

  const at = (name: string) => join(root, name);
  const write = (name: string, bytes: Uint8Array) => writeFile(at(name), bytes);
  const take = (fixture: string, name: string) => copyFile(join(FIXTURES, fixture), at(name));

  async function itemsIn(inputs: readonly string[], options: Partial<WalkOptions> = {}): Promise<Item[]> {
    const items: Item[] = [];
    for await (const item of itemsOf(inputs, { extensions: new Set(['.png']), ...options })) items.push(item);
    return items;
  }

  async function contentOf(item: Item | undefined, limit = LIMIT): Promise<string> {
    if (item === undefined) return 'nothing';
    if (item.status === 'failed') return `${item.failure.code}: ${item.failure.message}`;
    try {
      return Buffer.from(await (await item.open()).read(limit)).toString('latin1');
    } catch (error) {
      assert.ok(error instanceof ImageRefusal, error instanceof Error ? error.stack : String(error));
      return `${error.failure.code}: ${error.failure.message}`;
    }
  }

  const contentsOf = (items: readonly Item[]) => Promise.all(items.map((item) => contentOf(item)));
  const contentsIn = async (name: string, options?: Partial<WalkOptions>) =>
    contentsOf(await itemsIn([at(name)], options));

  it('yield an image for each row, named by its number', async () => {
    await take('datasets.parquet', 'a.PARQUET');
    const items = await itemsIn([at('a.PARQUET')]);
    assert.deepEqual(
      items.map(({ id }) => id),
      [0, 1, 2, 3, 4, 5, 6].map((row) => `${at('a.PARQUET')}/${row}`),
    );
    const third = await readFile(join(FIXTURES, 'images/c.jpg'), 'latin1');
    assert.equal(await contentOf(items[2]), third);
    for (const item of items) assert.equal(item.status === 'found' && item.file, undefined);
  });

  it('have the same targets, however they are spelled', async () => {
    await write('a.parquet', textsOf('one'));
    await symlink('a.parquet', at('link.parquet'));
    for (const name of ['a.parquet', 'link.parquet', '../../..']) {
      const input = name === '../../..' ? `${root}/./a.parquet` : at(name);
      const [item] = await itemsIn([input]);
      assert.deepEqual([item?.id, item?.target], [`${input}/0`, `${at('a.parquet')}/0`]);
    }
  });

  it('fail rows without an image', async () => {
    await take('pyarrow-nulls-v1.parquet', 'a.parquet');
    const found = await contentsIn('a.parquet');
    assert.deepEqual(found.slice(1, 5), [
      'empty_file: the row has no image',
      'empty_file: the row has no image',
      'empty_file: the row has only the path of a file, and no image',
      'empty_file: the image has no bytes',
    ]);
  });

  it('fail images beyond the limit', async () => {
    await write('a.parquet', textsOf('four'));
    const [item] = await itemsIn([at('a.parquet')]);
    assert.equal(await contentOf(item, 4), 'four');
    assert.equal(await contentOf(item, 3), 'too_large: the image has 4 bytes, beyond the limit of 3 bytes');
  });

  it('take room in memory for their bytes, and no others', async () => {
    await write('a.parquet', textsOf('one', 'three'));
    const taken: number[] = [];
    for (const item of await itemsIn([at('a.parquet')])) {
      assert.ok(item.status === 'found');
      await (await item.open()).read(LIMIT, async (bytes) => void taken.push(bytes));
    }
    assert.deepEqual(taken, [3, 5]);
  });

  it('return bytes that do not keep the page in memory', async () => {
    await write('a.parquet', textsOf('one', 'two'));
    const [item] = await itemsIn([at('a.parquet')]);
    assert.ok(item?.status === 'found');
    assert.equal((await (await item.open()).read(LIMIT)).buffer.byteLength, 3);
  });

  it('fail the rows of a damaged row group, and read the others', async () => {
    const bytes = textsOf('one', 'two', 'three', 'four', 'five');
    bytes.fill(0xff, bytes.indexOf('three') - 12, bytes.indexOf('three'));
    await write('a.parquet', bytes);
    const found = await contentsIn('a.parquet');
    assert.deepEqual([found[0], found[1], found[4]], ['one', 'two', 'five']);
    for (const failed of found.slice(2, 4)) assert.match(`${failed}`, /^read_failed: /);
  });

  it('are followed in lists and patterns, in which what is wrong is a row', async () => {
    await write('a.parquet', textsOf('one', 'two'));
    await write('cut.parquet', textsOf('one').subarray(0, 60));
    await write('text.parquet', Buffer.from('a text'));
    await take('columns-two.parquet', 'two.parquet');
    const names = ['a', 'cut', 'text', 'two', 'gone'].map((name) => at(`${name}.parquet`));
    async function* stdin() {
      yield `${names.join('\n')}\n`;
    }
    const items = await itemsIn(['-'], { stdin });
    assert.deepEqual(
      items.map(({ id }) => id.replace(`${root}/`, '')),
      ['a.parquet/0', 'a.parquet/1', 'cut.parquet', 'text.parquet', 'two.parquet', 'gone.parquet'],
    );
    assert.deepEqual(await contentsOf(items), [
      ...['one', 'two', 'truncated: the file ends without PAR1', 'read_failed: it does not begin with PAR1'],
      'unsupported_format: the file has 2 columns that may hold images: "thumbnail" (binary), "photo" (binary)',
      'not_found: no such file or folder',
    ]);
    assert.equal((await itemsIn([at('*.parquet')])).length, 5);
  });

  it('are not entered in folders, and folders of that name are walked', async () => {
    await mkdir(at('a.parquet'));
    await write('a.parquet/b.png', Buffer.of());
    await write('a.parquet/c.parquet', textsOf('one'));
    assert.deepEqual(
      (await itemsIn([at('a.parquet')])).map(({ id }) => id),
      [at('a.parquet/b.png')],
    );
  });

  it('stop at the next row when the walk is aborted', async () => {
    await write('a.parquet', textsOf('one', 'two', 'three'));
    const controller = new AbortController();
    const walking = async () => {
      for await (const _ of itemsOf([at('a.parquet')], { extensions: new Set(), signal: controller.signal }))
        controller.abort(new Error('enough'));
    };
    await assert.rejects(walking, /enough/);
  });

  it('read images in any order, and many at once', async () => {
    const texts = Array.from({ length: 50 }, (_, i) => `text ${i}`);
    await write('a.parquet', textsOf(...texts));
    const items = await itemsIn([at('a.parquet')]);
    const order = texts.map((_, i) => (i * 37) % 50);
    const found = await Promise.all(order.map((row) => contentOf(items[row])));
    assert.deepEqual(
      found,
      order.map((row) => texts[row]),
    );
  });

  describe('whose column of images', () => {
    /** The message and the hint of the refusal; '' for none. */
    async function refusal(name: string, imageColumn?: string): Promise<string> {
      try {
        await refuseMistaken([at(name)], undefined, { imageColumn });
        return '';
      } catch (error) {
        assert.ok(error instanceof InputError, String(error));
        return `${error.message.replace(`${root}/`, '')}. ${error.hint}`;
      }
    }

    it('is not clear are refused, until it is named', async () => {
      await take('columns-two.parquet', 'two.parquet');
      assert.equal(
        await refusal('two.parquet'),
        'two.parquet has 2 columns that may hold images: "thumbnail" (binary), "photo" (binary). Choose one with --image-column NAME.',
      );
      assert.equal(await refusal('two.parquet', 'photo'), '');
      const a = await readFile(join(FIXTURES, 'images/a.png'), 'latin1');
      assert.equal((await contentsIn('two.parquet', { imageColumn: 'photo' }))[1], a);
      assert.equal((await contentsIn('two.parquet', { imageColumn: 'thumbnail' }))[0], a);
    });

    it('is missing are refused with the columns that there are', async () => {
      await take('columns-none.parquet', 'none.parquet');
      assert.match(
        await refusal('none.parquet'),
        /^none\.parquet has no column of images; expected a binary column.* found "name" \(string\), "label" \(int64\), "images" \(list\)\. /,
      );
      assert.match(await refusal('none.parquet', 'photo'), /has no column "photo"; its columns are "name"/);
      assert.match(
        await refusal('none.parquet', 'label'),
        /no images in its column "label" \(int64\); expected/,
      );
      await take('columns-two.parquet', 'two.parquet');
      assert.match(
        await refusal('two.parquet', 'name'),
        /no images in its column "name".* may hold images: "thumb/,
      );
    });

    it('has a hostile name are refused in one line', async () => {
      const schema = Array.from({ length: 100 }, (_, i) => column(`a\nb${i}`));
      await write('a.parquet', parquetOf([], { schema }));
      const message = await refusal('a.parquet');
      assert.match(message, /has 100 columns .*"a\\nb0".* and 80 more\. /);
      assert.doesNotMatch(message, /\n/);
    });

    it('cannot be known, since they are damaged, are refused', async () => {
      await write('text.parquet', Buffer.from('a text'));
      assert.match(
        await refusal('text.parquet'),
        /^text\.parquet is not a Parquet file .*: it does not begin with PAR1\. Check/,
      );
      await write('cut.parquet', textsOf('one').subarray(0, 60));
      assert.match(await refusal('cut.parquet'), /the file ends without PAR1/);
      await write('good.dat', textsOf('one'));
      assert.match(
        await refusal('good.dat'),
        /is a Parquet file; expected .*\. Rename it to end in \.parquet/,
      );
    });

    it('cannot be known, since they cannot be opened, are rows', async () => {
      await promisify(execFile)('mkfifo', [at('pipe.parquet')]);
      assert.equal(await refusal('pipe.parquet'), '');
      assert.deepEqual(await contentsIn('pipe.parquet'), [
        'read_failed: a pipe, socket or device, not an image file',
      ]);
    });
  });

  describe('give identities', () => {
    const identities = async (options?: Partial<WalkOptions>) => {
      const found = [];
      for (const item of await itemsIn([at('a.parquet')], options)) {
        assert.ok(item.status === 'found');
        const opened = await item.open();
        await opened.read(LIMIT);
        assert.deepEqual(await item.identify(), opened.identity);
        found.push(`${opened.identity.bytes} ${opened.identity.modified}`);
      }
      return found;
    };

    it('that differ between rows, columns and versions of the file, and otherwise stay', async () => {
      await take('columns-two.parquet', 'a.parquet');
      await utimes(at('a.parquet'), 1000, 1000);
      const photo = await identities({ imageColumn: 'photo' });
      assert.deepEqual(await identities({ imageColumn: 'photo' }), photo);
      const thumbnail = await identities({ imageColumn: 'thumbnail' });
      await utimes(at('a.parquet'), 1000, 1001);
      const touched = await identities({ imageColumn: 'photo' });
      assert.equal(new Set([...photo, ...thumbnail, ...touched]).size, 6);
    });
  });

  it('that are replaced during a walk give the new images, or say what is missing', async () => {
    await write('a.parquet', textsOf('one', 'two', 'three'));
    const items = await itemsIn([at('a.parquet')]);
    assert.equal(await contentOf(items[0]), 'one');
    await write('new.parquet', textsOf('another', 'file'));
    await rename(at('new.parquet'), at('a.parquet'));
    assert.deepEqual(await contentsOf(items), ['another', 'file', 'read_failed: there is no row 2']);
    await take('columns-none.parquet', 'a.parquet');
    assert.match(await contentOf(items[0]), /^unsupported_format: the file has no column "image"/);
    await rm(at('a.parquet'));
    assert.equal(await contentOf(items[0]), 'not_found: no such file or folder');
    assert.equal(await items[0]?.identify(), undefined);
  });

  describe('in a retry', () => {
    const find = async (id: string, imageColumn?: string) => {
      const finder = new ItemFinder(root, imageColumn);
      try {
        return await finder.find(id, 'decode_failed', undefined);
      } finally {
        await finder.close();
      }
    };

    it('are found by the numbers of their rows', async () => {
      await write('a.parquet', textsOf('one', 'two', 'three'));
      const found = await find('a.parquet/2');
      assert.deepEqual([found?.id, found?.target], ['a.parquet/2', `${at('a.parquet')}/2`]);
      assert.equal(await contentOf(found), 'three');
      for (const row of ['3', '-1', '01', '1.0', '', 'one', '../b.png', '1/2', '9'.repeat(30)])
        assert.equal(await find(`a.parquet/${row}`), undefined, row);
      assert.equal(await find('a.parquet'), undefined);
      await take('columns-two.parquet', 'two.parquet');
      assert.equal(await find('two.parquet/0'), undefined);
      const b = await readFile(join(FIXTURES, 'images/b.png'), 'latin1');
      assert.equal(await contentOf(await find('two.parquet/0', 'photo')), b);
    });

    it('are not found if they are gone or damaged, and never as files', async () => {
      await mkdir(at('a.parquet'));
      await write('secret.png', Buffer.from('secret'));
      await write('a.parquet/1', Buffer.from('in a folder'));
      assert.equal(await contentOf(await find('a.parquet/1')), 'in a folder');
      assert.equal(await find('a.parquet/../secret.png'), undefined);
      assert.equal(await find('gone.parquet/0'), undefined);
      await write('text.parquet', Buffer.from('a text'));
      assert.equal(await find('text.parquet/0'), undefined);
    });
  });
});
