import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { chdir, cwd, platform } from 'node:process';
import { itemsOf, refuseMistaken } from '../../src/sources/registry.js';

describe('patterns', () => {
  const before = cwd();
  let root = '';
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'halonet-patterns-'));
    const files = [
      'a/1.jpg',
      'a/2.png',
      'a/10.jpg',
      'a/.hidden.jpg',
      'a/deep/3.jpg',
      'b/1.jpg',
      'note.txt',
      '[x].jpg',
    ];
    for (const path of files) {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await writeFile(join(root, path), '');
    }
    chdir(root);
  });
  afterEach(async () => {
    chdir(before);
    await rm(root, { recursive: true });
  });

  async function walk(...inputs: readonly string[]): Promise<string[]> {
    const items: string[] = [];
    for await (const item of itemsOf(inputs, { extensions: new Set(['.jpg', '.png']) }))
      items.push(item.status === 'found' ? item.id : `${item.failure.code}: ${item.id}`);
    return items;
  }

  it('match paths, sorted by code unit', async () => {
    assert.deepEqual(await walk('a/*.jpg'), ['a/1.jpg', 'a/10.jpg']);
    assert.deepEqual(await walk('**/1.jpg'), ['a/1.jpg', 'b/1.jpg']);
    assert.deepEqual(await walk('a/?.*'), ['a/1.jpg', 'a/2.png']);
    assert.deepEqual(await walk('./[ab]/1.jpg'), ['./a/1.jpg', './b/1.jpg']);
  });

  it('match absolute paths and paths above the working directory', async () => {
    assert.deepEqual(await walk(`${root}/a/*.jpg`), [`${root}/a/1.jpg`, `${root}/a/10.jpg`]);
    chdir(join(root, 'b'));
    assert.deepEqual(await walk('../a/*.jpg'), ['../a/1.jpg', '../a/10.jpg']);
  });

  it('match folders, which are walked, and files with any extension, which are read', async () => {
    assert.deepEqual(await walk('[a]'), ['a/1.jpg', 'a/10.jpg', 'a/2.png', 'a/deep/3.jpg']);
    assert.deepEqual(await walk('n*'), ['note.txt']);
    assert.deepEqual(await walk('a/**'), ['a/1.jpg', 'a/10.jpg', 'a/2.png', 'a/deep/3.jpg']); // each file once
  });

  it('expand braces to paths that must exist, in their order', async () => {
    assert.deepEqual(await walk('{b,a}/{2..1}.jpg'), [
      'not_found: b/2.jpg',
      'b/1.jpg',
      'not_found: a/2.jpg',
      'a/1.jpg',
    ]);
    assert.deepEqual(
      await walk('a/{01..03}.jpg'),
      ['01', '02', '03'].map((name) => `not_found: a/${name}.jpg`),
    );
    assert.deepEqual(await walk('{b,a}/*.jpg'), ['b/1.jpg', 'a/1.jpg', 'a/10.jpg']);
  });

  it('are paths first, if files have such names', async () => {
    assert.deepEqual(await walk('[x].jpg'), ['[x].jpg']);
  });

  it('are not expanded in lists', async () => {
    const items: string[] = [];
    const stdin = async function* () {
      yield 'a/*.jpg\n';
    };
    for await (const item of itemsOf(['-'], { extensions: new Set(['.jpg']), stdin: () => stdin() }))
      items.push(`${item.status} ${item.id}`);
    assert.deepEqual(items, ['failed a/*.jpg']);
  });

  it('are refused if their braces give too many names', async () => {
    await assert.rejects(
      walk('x{0000001..9200000}.tar'),
      /^InputError: the braces of x.* give more than 100000 names$/,
    );
  });

  it('are mistakes if nothing matches', async () => {
    await refuseMistaken(['a/*.jpg', '{a,c}']);
    await assert.rejects(refuseMistaken(['c/*.jpg']), /^InputError: nothing matches the pattern c\/\*\.jpg$/);
  });

  if (platform !== 'win32')
    it('find names that Windows does not allow', async () => {
      await writeFile(join(root, 'a', 'what?.jpg'), '');
      assert.deepEqual(await walk('a/w*'), ['a/what?.jpg']);
      assert.deepEqual(await walk(relative(root, join(root, 'a', 'what?.jpg'))), ['a/what?.jpg']);
    });
});
