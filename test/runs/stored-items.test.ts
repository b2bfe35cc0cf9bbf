import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ImageFailure } from '../../src/errors.js';
import { FileItem } from '../../src/file-item.js';
import { identify } from '../../src/identify.js';
import type { Item } from '../../src/item.js';
import { embedLayout } from '../../src/outputs/embed-layout.js';
import { FORMATS } from '../../src/outputs/formats/registry.js';
import { pathKey } from '../../src/runs/ledger.js';
import type { RunPlace } from '../../src/runs/run-place.js';
import { retryItems, withStoredRows } from '../../src/runs/stored-items.js';
import { OutputRows, StoredRows } from '../../src/runs/stored-rows.js';
import { ItemFinder } from '../../src/sources/item-finder.js';
import { FAILURE, float32, inFolder, placeOf, startRun, writeAll } from '../outputs/scratch.js';

const LAYOUT = embedLayout({ format: FORMATS.jsonl, dtype: 'float32', shape: [1] });
const NAME = 'o.jsonl'; // of the outputs

/** Opens the rows of a single output. */
async function storedAt(place: RunPlace, rows: number): Promise<StoredRows> {
  return new StoredRows({ lead: await OutputRows.open(place, LAYOUT, rows), others: [] });
}

describe('withStoredRows', () => {
  let folder: string;
  let sources: StoredRows[];
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'halonet-stored-'));
    sources = [];
  });
  afterEach(async () => {
    for (const source of sources) await source.close();
    await rm(folder, { recursive: true });
  });
  const pathOf = (name: string) => join(folder, name);

  /** Writes an output of the current images, each with its value, to its own folder; names that start with bad fail. */
  async function store(output: string, images: Readonly<Record<string, number>>): Promise<void> {
    const rows = [];
    for (const [name, value] of Object.entries(images)) {
      const [path, file] = [pathOf(name), await identify(pathOf(name))];
      if (name.startsWith('bad')) rows.push({ id: path, file, status: 'failed', failure: FAILURE } as const);
      else rows.push({ id: path, file, status: 'ok', outputs: { embedding: float32([value]) } } as const);
    }
    const path = join(pathOf(output), NAME);
    await mkdir(pathOf(output));
    await writeAll(await startRun(path, LAYOUT), rows);
    sources.push(await storedAt(await placeOf(path, LAYOUT), rows.length));
  }

  /** Returns for each input its stored value or failure, or its name if it is to be computed. */
  async function lookUp(...names: readonly string[]): Promise<readonly unknown[]> {
    async function* items(): AsyncGenerator<Item> {
      for (const name of names) yield new FileItem(pathOf(name));
    }
    const found = [];
    for await (const item of withStoredRows(items(), sources)) {
      if (item.status !== 'stored') {
        found.push(item.id.slice(folder.length + 1));
        continue;
      }
      assert.deepEqual(item.file, await identify(item.id));
      const text = Buffer.from(await item.stored.bytes(NAME)).toString();
      const { path, embedding, error } = JSON.parse(text);
      assert.equal(path, item.id);
      assert.equal(item.stored.failure, error?.code);
      found.push(error === undefined ? embedding[0] : error);
    }
    return found;
  }

  it('reuses the rows of unchanged files, and leaves the others to be computed, in order', async () => {
    for (const name of ['a', 'b', 'c', 'bad', 'new']) await writeFile(pathOf(name), 'x');
    await store('first', { a: 1, b: 2, c: 3, bad: 0, 'bad gone': 0 });
    await writeFile(pathOf('b'), 'larger');
    await utimes(pathOf('c'), 1, 1);
    assert.deepEqual(await lookUp('new', 'bad', 'a', 'b', 'a', 'c', 'bad gone'), [
      'new',
      FAILURE,
      1,
      'b',
      1,
      'c',
      FAILURE, // missing then and now
    ]);
    await writeFile(pathOf('bad gone'), 'x');
    assert.deepEqual(await lookUp('bad gone'), ['bad gone']);
    await rm(pathOf('a'));
    assert.deepEqual(await lookUp('a'), ['a']);
  });

  it('searches several outputs in order', async () => {
    for (const name of ['a', 'b', 'c']) await writeFile(pathOf(name), 'x');
    await store('first', { a: 1, b: 2 });
    await writeFile(pathOf('b'), 'changed');
    await store('second', { a: 10, b: 20, c: 30 });
    assert.deepEqual(await lookUp('a', 'b', 'c'), [1, 20, 30]);
  });

  it('recognises an image under another path, and writes its row under that path', async () => {
    await writeFile(pathOf('a'), 'x');
    await store('first', { a: 1 });
    const path = `${folder}/./a`;
    async function* items(): AsyncGenerator<Item> {
      yield new FileItem(path, { target: pathOf('a') });
    }
    const { value: item } = await withStoredRows(items(), sources).next();
    assert.ok(item?.status === 'stored');
    assert.deepEqual(JSON.parse(Buffer.from(await item.stored.bytes(NAME)).toString()), {
      path,
      embedding: [1],
    });
    assert.equal(item.stored.key, pathKey(path));
    assert.equal(item.stored.target, pathKey(pathOf('a')));
  });

  it('records the current target if a link was redirected to a file with the same identity', async () => {
    await writeFile(pathOf('a'), 'x');
    await store('first', { a: 1 });
    async function* items(): AsyncGenerator<Item> {
      yield new FileItem(pathOf('a'), { target: '/elsewhere/a' });
    }
    const { value: item } = await withStoredRows(items(), sources).next();
    assert.ok(item?.status === 'stored');
    assert.equal(item.stored.target, pathKey('/elsewhere/a'));
  });

  it('keeps the order of many inputs', async () => {
    const names = Array.from({ length: 500 }, (_, i) => `${i}`);
    for (const name of names) await writeFile(pathOf(name), name);
    const stored = names.filter((_, i) => i % 3 !== 0);
    await store('first', Object.fromEntries(stored.map((name) => [name, Number(name)])));
    const expected = names.map((name, i) => (i % 3 === 0 ? name : Number(name)));
    assert.deepEqual(await lookUp(...names), expected);
  });
});

describe('retryItems', () => {
  it(
    'retries failed rows whose path may lead to an image now, and keeps the others',
    inFolder(async (folder) => {
      const pathOf = (name: string) => join(folder, name);
      await mkdir(pathOf('folder'));
      await writeFile(pathOf('repaired'), 'x');
      await symlink('loop', pathOf('loop'));
      const failures: readonly (readonly [string, ImageFailure['code']])[] = [
        [pathOf('bad'), 'decode_failed'],
        [pathOf('gone'), 'not_found'],
        [pathOf('folder'), 'permission'],
        [pathOf('folder'), 'symlink_loop'],
        [pathOf('folder that is gone'), 'symlink_loop'],
        [pathOf('loop'), 'symlink_loop'],
        [pathOf('repaired'), 'symlink_loop'],
        [pathOf('\uFFFD.jpg'), 'invalid_name'],
        ['-', 'read_failed'],
      ];
      const rows = failures.map(
        ([path, code]) => ({ id: path, status: 'failed', failure: { code, message: 'then' } }) as const,
      );
      const image = { id: pathOf('a'), status: 'ok', outputs: { embedding: float32([1]) } } as const;
      await writeAll(await startRun(pathOf('o.jsonl'), LAYOUT), [image, ...rows]);
      const stored = await storedAt(await placeOf(pathOf('o.jsonl'), LAYOUT), rows.length + 1);
      try {
        const again = [];
        for await (const item of retryItems(stored, 0, new ItemFinder())) again.push(item.status === 'found');
        assert.deepEqual(again, [false, true, true, false, false, false, false, true, false, false]);
      } finally {
        await stored.close();
      }
    }),
  );

  it(
    'resolves relative paths against the folder of their run, and keeps their ids',
    inFolder(async (folder) => {
      await mkdir(join(folder, 'was a file'));
      await writeFile(join(folder, 'repaired'), 'x');
      const rows = ['was a file', 'repaired', './gone', '-', '/absolute'].map((id) => {
        const failure = { code: 'read_failed', message: 'then' } as const;
        return { id, status: 'failed', failure } as const;
      });
      const output = join(folder, 'o.jsonl');
      await writeAll(await startRun(output, LAYOUT), rows);
      const stored = await storedAt(await placeOf(output, LAYOUT), rows.length);
      try {
        const again = [];
        for await (const item of retryItems(stored, 0, new ItemFinder(folder)))
          again.push(item.status === 'found' ? [item.id, item.file] : [item.id]);
        assert.deepEqual(again, [
          ['was a file'],
          ['repaired', join(folder, 'repaired')],
          ['./gone', join(folder, 'gone')],
          ['-'],
          ['/absolute', '/absolute'],
        ]);
      } finally {
        await stored.close();
      }
    }),
  );
});
