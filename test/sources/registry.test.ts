import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative, sep } from 'node:path';
import { cwd, platform } from 'node:process';
import type { Item } from '../../src/item.js';
import { itemsOf } from '../../src/sources/registry.js';
import { asNobody } from '../support/as-nobody.js';

const WALK = new URL('../../src/sources/registry.js', import.meta.url).href;
const EXTENSIONS = new Set(['.jpg', '.png']);
const native = (path: string) => path.replaceAll('/', sep);

describe('itemsOf', () => {
  let root = '';
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'halonet-inputs-'));
  });
  afterEach(() => rm(root, { recursive: true }));

  async function create(...paths: readonly string[]): Promise<void> {
    for (const path of paths) {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await writeFile(join(root, path), '');
    }
  }

  /** Returns the items found, in order, relative to `root`; a failure as `code: path`. */
  async function walk(inputs: readonly string[], stdin?: AsyncIterable<Buffer | string>): Promise<string[]> {
    const items: string[] = [];
    for await (const item of itemsOf(inputs, { extensions: EXTENSIONS, stdin: stdin && (() => stdin) })) {
      items.push(shown(item));
    }
    return items;
  }

  function shown(item: Item): string {
    const path = item.id.startsWith(root + sep) ? relative(root, item.id) : item.id;
    const slashed = path.replaceAll(sep, '/');
    return item.status === 'found' ? slashed : `${item.failure.code}: ${slashed}`;
  }

  it('walks a folder depth first, sorted by code unit, matching extensions in any case', async () => {
    await create(
      'b/2.jpg',
      'b/10.JPG',
      'b.png',
      'a/z/deep.Png',
      'a/note.txt',
      'a/jpg',
      'Z.jpg',
      'é.jpg',
      'c.jpg/x.png',
    );
    assert.deepEqual(await walk([root]), [
      'Z.jpg',
      'a/z/deep.Png',
      'b/10.JPG',
      'b/2.jpg',
      'b.png',
      'c.jpg/x.png',
      'é.jpg',
    ]);
  });

  it('reports skipped files, and inspects those without an extension', async () => {
    await create('a.jpg', 'b.txt', 'c', 'd', 'deep/e.mov', '.hidden.txt', 'deep/f');
    await symlink(join(root, 'b.txt'), join(root, 'g.txt'));
    const skipped: string[] = [];
    const options = {
      extensions: EXTENSIONS,
      isImage: async (path: string) => path.endsWith(`${sep}c`) || path.endsWith(`${sep}f`),
      onSkipped: (path: string) => skipped.push(relative(root, path).replaceAll(sep, '/')),
    };
    const found: string[] = [];
    for await (const item of itemsOf([root, join(root, 'b.txt')], options)) found.push(shown(item));
    assert.deepEqual(found, ['a.jpg', 'c', 'deep/f', 'b.txt']); // a file named as an input is always tried
    assert.deepEqual(skipped, ['b.txt', 'd', 'deep/e.mov', 'g.txt']);
  });

  it('recognises the same file, however its path is spelled', async () => {
    await create('photos/a.jpg', 'photos/deep/b.jpg');
    const real = await realpath(root);
    await symlink(join(root, 'photos'), join(root, 'link'));
    await symlink(join('photos', 'a.jpg'), join(root, 'a link.jpg'));
    const targets = async (...inputs: readonly string[]) => {
      const found: string[] = [];
      for await (const { id, target = id } of itemsOf(inputs, { extensions: EXTENSIONS }))
        found.push(relative(real, target).replaceAll(sep, '/'));
      return found;
    };
    const spellings = [
      'photos',
      'photos/',
      './photos',
      'photos/../photos',
      'photos/deep/..',
      'link',
      'link/.',
    ];
    for (const spelling of spellings) {
      const absolute = `${root}/${spelling}`;
      for (const folder of [absolute, relative(cwd(), absolute) + (spelling.endsWith('/') ? '/' : '')])
        assert.deepEqual(await targets(folder), ['photos/a.jpg', 'photos/deep/b.jpg'], folder);
    }
    assert.deepEqual(await targets(`${root}/a link.jpg`, `${root}/link/a.jpg`, `${root}/none.jpg`), [
      'photos/a.jpg',
      'photos/a.jpg',
      'none.jpg',
    ]);
  });

  it('skips hidden files and folders unless they are inputs', async () => {
    await create('.hidden.jpg', '.cache/a.jpg', 'a.jpg');
    assert.deepEqual(await walk([root]), ['a.jpg']);
    assert.deepEqual(await walk([join(root, '.cache')]), ['.cache/a.jpg']);
  });

  it('accepts named files with any extension, and fails missing ones, in order', async () => {
    await create('scan.dat', 'a.jpg');
    const inputs = ['scan.dat', 'none.jpg', 'a.jpg', 'a.jpg/b.jpg'].map((name) => join(root, name));
    assert.deepEqual(await walk([...inputs, '']), [
      'scan.dat',
      'not_found: none.jpg',
      'a.jpg',
      'not_found: a.jpg/b.jpg',
      'not_found: ',
    ]);
  });

  it('reports paths as given', async () => {
    await create('photos/a.jpg');
    const given = `.${sep}${relative(cwd(), root)}`;
    const item = native('photos/a.jpg');
    assert.deepEqual(
      await walk([given]),
      [`${given}${sep}${item}`].map((path) => path.replaceAll(sep, '/')),
    );
    assert.deepEqual(await walk([`${given}/`]), [`${given}/${item}`.replaceAll(sep, '/')]);
    const detour = native(`${given}/photos/../photos`);
    assert.deepEqual(await walk([detour]), [`${detour}${sep}a.jpg`.replaceAll(sep, '/')]);
  });

  it('follows links to files and folders', async () => {
    await create('else/where/a.jpg', 'tree/own.jpg');
    await symlink(join(root, 'else'), join(root, 'tree', 'folder'));
    await symlink(join(root, 'else', 'where', 'a.jpg'), join(root, 'tree', 'file.jpg'));
    await symlink(join(root, 'else', 'where', 'a.jpg'), join(root, 'tree', 'file.txt'));
    assert.deepEqual(await walk([join(root, 'tree')]), [
      'tree/file.jpg',
      'tree/folder/where/a.jpg',
      'tree/own.jpg',
    ]);
  });

  it('visits a folder again through a link that does not lead to a parent folder', async () => {
    await create('a/1.jpg');
    await symlink('a', join(root, 'b'));
    assert.deepEqual(await walk([root]), ['a/1.jpg', 'b/1.jpg']);
  });

  it('fails a link to a folder being walked, once, and continues', async () => {
    await create('a/b/1.jpg', 'a/b/z.jpg');
    await symlink('..', join(root, 'a', 'b', 'up'));
    await symlink('.', join(root, 'a', 'b', 'here'));
    await symlink('a', join(root, 'entry'));
    for (const entry of ['a', 'entry']) {
      assert.deepEqual(await walk([join(root, entry)]), [
        `${entry}/b/1.jpg`,
        `symlink_loop: ${entry}/b/here`,
        `symlink_loop: ${entry}/b/up`,
        `${entry}/b/z.jpg`,
      ]);
    }
  });

  it('terminates for folders that link to each other, and for a link to a parent of the input', async () => {
    await create('a/1.jpg', 'b/2.jpg');
    await symlink(join(root, 'b'), join(root, 'a', 'to-b'));
    await symlink(join(root, 'a'), join(root, 'b', 'to-a'));
    assert.deepEqual(await walk([join(root, 'a')]), ['a/1.jpg', 'a/to-b/2.jpg', 'symlink_loop: a/to-b/to-a']);
    await symlink(root, join(root, 'a', 'up'));
    assert.ok((await walk([join(root, 'a')])).includes('symlink_loop: a/up/a'));
  });

  it('fails a link to itself, and broken links that may have led to images', async () => {
    await symlink('self.jpg', join(root, 'self.jpg'));
    await symlink('gone', join(root, 'gone.jpg'));
    await symlink('gone', join(root, 'gone.txt'));
    await symlink('gone', join(root, 'unmounted'));
    assert.deepEqual(await walk([root]), [
      'not_found: gone.jpg',
      'symlink_loop: self.jpg',
      'not_found: unmounted',
    ]);
  });

  it('fails a folder that cannot be listed, once, and continues', async () => {
    await create('a/1.jpg', 'b/2.jpg', 'c/3.jpg');
    const items = itemsOf([root], { extensions: EXTENSIONS });
    const first = await items.next();
    await rm(join(root, 'b'), { recursive: true }); // after the root was listed
    const rest: Item[] = [];
    for await (const item of items) rest.push(item);
    assert.ok(!first.done);
    assert.deepEqual([first.value, ...rest].map(shown), ['a/1.jpg', 'not_found: b', 'c/3.jpg']);
  });

  // Windows ignores these permissions.
  if (platform !== 'win32') {
    it('fails a folder without permission, and continues', async () => {
      await create('a/1.jpg', 'b/2.jpg');
      await chmod(root, 0o755);
      await chmod(join(root, 'a'), 0o000);
      const said = await asNobody(
        `import { itemsOf } from ${JSON.stringify(WALK)};`,
        `const options = { extensions: new Set(['.jpg']) };
        for await (const { id, failure } of itemsOf([${JSON.stringify(root)}], options))
          console.log(id, failure?.code);`,
      );
      await chmod(join(root, 'a'), 0o755);
      assert.equal(said, `${join(root, 'a')} permission\n${join(root, 'b', '2.jpg')} undefined\n`);
    });
  }

  it('reads a list of files and folders from standard input', async () => {
    await create('list/a.jpg', 'b.dat');
    async function* stdin() {
      yield `${join(root, 'b.dat')}\r\n\r\n  \n`;
      yield `${join(root, 'list')}\n${join(root, 'none.jpg')}`; // no newline at the end
    }
    assert.deepEqual(await walk([join(root, 'list'), '-', join(root, 'b.dat')], stdin()), [
      'list/a.jpg',
      'b.dat',
      'list/a.jpg',
      'not_found: none.jpg',
      'b.dat',
    ]);
  });

  it('joins characters that are split across chunks', async () => {
    await create('日本é.jpg');
    const bytes = Buffer.from(`\uFEFF${join(root, '日本é.jpg')}\n`);
    async function* stdin() {
      for (const byte of bytes) yield Buffer.of(byte);
    }
    assert.deepEqual(await walk(['-'], stdin()), ['日本é.jpg']);
  });

  it('yields a path before the list ends', async () => {
    await create('a.jpg');
    let finish = () => {};
    const finished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    async function* stdin() {
      yield `${join(root, 'a.jpg')}\n${join(root, 'b')}`;
      await finished;
      yield '.jpg\n';
    }
    const items = itemsOf(['-'], { extensions: EXTENSIONS, stdin });
    const first = await items.next();
    assert.ok(!first.done);
    assert.equal(shown(first.value), 'a.jpg');
    finish();
    const second = await items.next();
    assert.ok(!second.done);
    assert.equal(shown(second.value), 'not_found: b.jpg');
    assert.ok((await items.next()).done);
  });

  it('fails standard input that breaks off or is missing', async () => {
    await create('a.jpg');
    async function* stdin() {
      yield `${join(root, 'a.jpg')}\n`;
      throw Object.assign(new Error('read'), { code: 'EIO' });
    }
    assert.deepEqual(await walk(['-'], stdin()), ['a.jpg', 'read_failed: -']);
    assert.deepEqual(await walk(['-']), ['read_failed: -']);
  });

  it('fails list entries that cannot be paths, in order', async () => {
    await create('a.jpg');
    const long = 'n'.repeat(300);
    async function* stdin() {
      yield Buffer.concat([Buffer.from(`${root}/b`), Buffer.of(0xff), Buffer.from(`\n${root}/a.jpg\n`)]);
      yield `${root}/${long}\n${'p'.repeat(200_000)}\n${root}/a.jpg`;
    }
    assert.deepEqual(await walk(['-'], stdin()), [
      'invalid_name: b\uFFFD',
      'a.jpg',
      `invalid_name: ${long}`,
      `invalid_name: ${'p'.repeat(200)}…`,
      'a.jpg',
    ]);
  });

  it('stops at a list that is not a list of paths', async () => {
    async function* stdin() {
      yield 'a\n\0';
    }
    await assert.rejects(walk(['-', root], stdin()), /a NUL/);
  });

  it('accepts blank names between NULs, but skips blank lines', async () => {
    const pathsOf = async (list: string) => {
      async function* stdin() {
        yield list;
      }
      const paths = [];
      for await (const { id } of itemsOf(['-'], { extensions: EXTENSIONS, stdin })) paths.push(id);
      return paths;
    };
    assert.deepEqual(await pathsOf(' \0\n\0\0a\r\0'), [' ', '\n', 'a\r']);
    assert.deepEqual(await pathsOf(' \n\n\r\na\r\n'), ['a']);
  });

  it('reads a list with NULs, whose names may contain newlines', async () => {
    await create('a.jpg', 'b\nc.jpg');
    async function* list() {
      yield `${root}/a.jpg\0${root}/b\n`;
      yield 'c.jpg\0';
    }
    assert.deepEqual(await walk(['-'], list()), ['a.jpg', 'b\nc.jpg']);
  });

  // Other systems refuse to create such a file.
  if (platform === 'linux') {
    it('fails a file name that is not UTF-8 as invalid_name', async () => {
      await create('a.jpg');
      await writeFile(Buffer.concat([Buffer.from(`${root}/b`), Buffer.of(0xff), Buffer.from('.jpg')]), '');
      assert.deepEqual(await walk([root]), ['a.jpg', 'invalid_name: b\uFFFD.jpg']);
    });
  }

  it('accepts a name that contains a replacement character', async () => {
    await create('b\uFFFD.jpg');
    assert.deepEqual(await walk([root]), ['b\uFFFD.jpg']);
  });

  it('stops at the next folder when it is aborted', async () => {
    await create('a/1.jpg', 'b/2.jpg');
    const controller = new AbortController();
    const items: string[] = [];
    await assert.rejects(async () => {
      for await (const item of itemsOf([root], { extensions: EXTENSIONS, signal: controller.signal })) {
        items.push(shown(item));
        controller.abort(new Error('enough'));
      }
    }, /enough/);
    assert.deepEqual(items, ['a/1.jpg']);
  });

  it('stops at the next item when it is aborted', async () => {
    await create('1.jpg', '2.jpg');
    const controller = new AbortController();
    const items = itemsOf([root], { extensions: EXTENSIONS, signal: controller.signal });
    await items.next();
    controller.abort(new Error('enough'));
    await assert.rejects(items.next(), /enough/);
  });

  for (const how of ['breaks off', 'breaks off before its first path', 'ends']) {
    it(`does not treat a list that ${how} on abort as complete`, async () => {
      const controller = new AbortController();
      async function* stdin() {
        if (how !== 'breaks off before its first path') yield 'a\n';
        controller.abort(new Error('enough'));
        if (how !== 'ends') throw new Error('Premature close');
      }
      const items = itemsOf(['-'], {
        extensions: EXTENSIONS,
        stdin,
        signal: controller.signal,
      });
      const paths: string[] = [];
      await assert.rejects(async () => {
        for await (const { id } of items) paths.push(id);
      }, /enough/);
      assert.deepEqual(paths, how === 'breaks off before its first path' ? [] : ['a']);
    });
  }
});
