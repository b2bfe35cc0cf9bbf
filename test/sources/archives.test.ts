import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, open, realpath, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { cwd, platform } from 'node:process';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { InputError } from '../../src/errors.js';
import type { FileIdentity } from '../../src/file-identity.js';
import type { FoundItem, Item } from '../../src/item.js';
import { ImageRefusal } from '../../src/refusal.js';
import type { ArchiveFile } from '../../src/sources/archive-file.js';
import type { ArchiveFormat } from '../../src/sources/archive-format.js';
import { ItemFinder } from '../../src/sources/item-finder.js';
import { MemberFinder } from '../../src/sources/member-finder.js';
import { headerIn, memberIdentity } from '../../src/sources/member-identity.js';
import { itemsOf, refuseMistaken } from '../../src/sources/registry.js';
import type { WalkOptions } from '../../src/sources/source.js';
import { TAR, TAR_GZIP, TAR_ZSTD } from '../../src/sources/tar.js';
import { ZIP } from '../../src/sources/zip.js';
import {
  DEFLATED,
  ENCRYPTED,
  longName,
  pax,
  TAR_END,
  type TarEntry,
  tarEntry,
  tarOf,
  UTF8,
  type ZipEntry,
  zipOf,
} from '../support/archives.js';
import { asNobody } from '../support/as-nobody.js';
import { watchFsCalls } from '../support/fs-calls.js';
import { zstdOf } from '../support/zstd.js';

const EXTENSIONS = new Set(['.jpg', '.png']);
const LIMIT = 2 ** 20; // bytes
const REGISTRY = new URL('../../src/sources/registry.js', import.meta.url).href;

/** Entries that a tar and a zip can both hold. */
type Entry = Pick<ZipEntry, 'name' | 'content'>;

const FORMATS = [
  { name: 'a.tar', format: TAR, archiveOf: (...entries: readonly Entry[]) => tarOf(...entries) },
  {
    name: 'a.tar.gz',
    format: TAR_GZIP,
    archiveOf: (...entries: readonly Entry[]) => gzipSync(tarOf(...entries)),
  },
  {
    name: 'a.tzst',
    format: TAR_ZSTD,
    archiveOf: (...entries: readonly Entry[]) => zstdOf(tarOf(...entries)),
  },
  { name: 'a.zip', format: ZIP, archiveOf: (...entries: readonly Entry[]) => zipOf(entries) },
] as const;

/** Bytes that gzip makes no smaller, different for each number. */
const noise = (i: number) =>
  Buffer.from(
    Array.from({ length: 2000 }, (_, k) => 32 + ((Math.imul(i * 2003 + k + 1, 0x9e3779b1) >>> 16) % 90)),
  );

/** Counts the reads of a file at its beginning. */
async function readsFromTheBeginning(path: string, work: () => Promise<unknown>): Promise<number> {
  let reads = 0;
  const restore = watchFsCalls(path, ({ kind, args }) => {
    if (kind === 'read' && args.at(-1) === 0) reads++;
    return undefined;
  });
  try {
    await work();
  } finally {
    restore();
  }
  return reads;
}

describe('archives', () => {
  let root = '';
  beforeEach(async () => {
    root = await realpath(await mkdtemp(join(tmpdir(), 'halonet-archives-')));
  });
  afterEach(() => rm(root, { recursive: true }));

  const at = (name: string) => join(root, name);
  const write = (name: string, bytes: Uint8Array) => writeFile(at(name), bytes);
  const tar = (name: string, ...parts: readonly (TarEntry | Buffer)[]) => write(name, tarOf(...parts));

  async function itemsIn(inputs: readonly string[], options: Partial<WalkOptions> = {}): Promise<Item[]> {
    const items: Item[] = [];
    for await (const item of itemsOf(inputs, { extensions: EXTENSIONS, ...options })) items.push(item);
    return items;
  }

  const shown = (item: Item) => {
    const id = relative(root, root) + item.id.replace(`${root}/`, '');
    return item.status === 'found' ? id : `${item.failure.code}: ${id}`;
  };

  /** Returns the ids of inputs relative to `root`; a failure as `code: id`. */
  const walk = async (names: readonly string[], options?: Partial<WalkOptions>): Promise<string[]> =>
    (await itemsIn(names.map(at), options)).map(shown);

  /** Reads an item; returns its bytes as text, or its failure. */
  async function contentOf(item: Item | undefined, limit = LIMIT): Promise<string> {
    if (item === undefined) return 'nothing';
    if (item.status === 'failed') return `${item.failure.code}: ${item.failure.message}`;
    try {
      return Buffer.from(await (await item.open()).read(limit)).toString();
    } catch (error) {
      assert.ok(error instanceof ImageRefusal, error instanceof Error ? error.stack : String(error));
      return `${error.failure.code}: ${error.failure.message}`;
    }
  }

  const contentsOf = async (items: readonly Item[]): Promise<string[]> => {
    const contents: string[] = [];
    for (const item of items) contents.push(await contentOf(item));
    return contents;
  };

  for (const { name, archiveOf } of FORMATS) {
    describe(name, () => {
      it('yields members in the order of the archive, with the ids and bytes of these', async () => {
        const names = ['b.png', 'a/z.JPG', 'a/b.Png', 'B.jpg', 'deep/a/b/c.png'];
        await write(name, archiveOf(...names.map((one) => ({ name: one, content: `bytes of ${one}` }))));
        const items = await itemsIn([at(name)]);
        assert.deepEqual(
          items.map(({ id }) => id),
          names.map((one) => `${at(name)}/${one}`),
        );
        assert.deepEqual(
          await contentsOf(items),
          names.map((one) => `bytes of ${one}`),
        );
        for (const item of items) assert.equal(item.status === 'found' && item.file, undefined);
      });

      it('takes archives with an extension in any case, and images with one', async () => {
        const upper = name.toUpperCase();
        await write(upper, archiveOf({ name: 'a.PNG' }, { name: 'b.Jpg' }, { name: 'c.gif' }));
        assert.deepEqual(await walk([upper]), [`${upper}/a.PNG`, `${upper}/b.Jpg`]);
      });

      it('recognises images without an extension by their first bytes, and counts skipped members', async () => {
        const image = `image${'.'.repeat(10_000)}`;
        await write(
          name,
          archiveOf(
            { name: 'scan', content: image },
            { name: 'notes.txt', content: image },
            { name: 'README', content: 'text' },
            { name: 'empty' },
            { name: 'a.png' },
            { name: 'folder/' },
            { name: 'folder/clip.mov' },
          ),
        );
        const skipped: string[] = [];
        const heads: number[] = [];
        const options = {
          isImageHead: (head: Uint8Array) => {
            heads.push(head.byteLength);
            return Buffer.from(head).toString().startsWith('image');
          },
          onSkipped: (path: string) => skipped.push(path.replace(`${root}/`, '')),
        };
        assert.deepEqual(await walk([name], options), [`${name}/scan`, `${name}/a.png`]);
        assert.deepEqual(heads, [4096, 4, 0]);
        assert.deepEqual(
          skipped,
          ['notes.txt', 'README', 'empty', 'folder/clip.mov'].map((one) => `${name}/${one}`),
        );
        assert.deepEqual(await walk([name]), [`${name}/a.png`]); // nothing tells
      });

      it('skips hidden members, as in folders', async () => {
        const hidden = ['.a.png', '.cache/a.png', 'a/.b/c.png', '__MACOSX/._a.png'];
        const seen = ['./a.png', '../b.png', 'c/../d.png', 'e/./f.png'];
        await write(name, archiveOf(...[...hidden, ...seen].map((one) => ({ name: one }))));
        const skipped: string[] = [];
        const found = await walk([name], { onSkipped: (path) => skipped.push(path) });
        assert.deepEqual(
          found,
          ['a.png', '../b.png', 'c/../d.png', 'e/./f.png'].map((one) => `${name}/${one}`),
        );
        assert.deepEqual(skipped, []);
      });

      it('never takes the name of a member for a path', async () => {
        await write('beside.png', Buffer.from('beside'));
        await write(
          name,
          archiveOf(
            { name: '../beside.png', content: 'in the archive' },
            { name: at('beside.png'), content: 'absolute' },
          ),
        );
        const items = await itemsIn([at(name)]);
        assert.deepEqual(await contentsOf(items), ['in the archive', 'absolute']);
        assert.deepEqual(
          items.map(({ id }) => id),
          [`${at(name)}/../beside.png`, `${at(name)}/${at('beside.png')}`],
        );
      });

      it('yields members of the same name each with its own bytes and identity', async () => {
        await write(name, archiveOf({ name: 'a.png', content: 'one' }, { name: 'a.png', content: 'two' }));
        const items = await itemsIn([at(name)]);
        assert.deepEqual(items.map(shown), [`${name}/a.png`, `${name}/a.png`]);
        assert.deepEqual(await contentsOf(items), ['one', 'two']);
        const [one, two] = await Promise.all(items.map((item) => item.identify()));
        assert.notDeepEqual(one, two);
      });

      it('resolves members to the same target, however the archive is spelled', async () => {
        await mkdir(at('photos'));
        await write(`photos/${name}`, archiveOf({ name: './a.png' }, { name: 'b/c.png' }));
        await symlink(at('photos'), at('link'));
        await symlink(`photos/${name}`, at(`other-${name}`));
        const targets = ['a.png', 'b/c.png'].map((one) => `${at('photos')}/${name}/${one}`);
        for (const spelling of [
          `photos/${name}`,
          `photos/../photos/${name}`,
          `link/${name}`,
          `other-${name}`,
        ]) {
          for (const input of [`${root}/${spelling}`, relative(cwd(), `${root}/${spelling}`)]) {
            const items = await itemsIn([input]);
            assert.deepEqual(
              items.map(({ id, target = id }) => target),
              targets,
              input,
            );
            assert.deepEqual(
              items.map(({ id }) => id),
              [`${input}/a.png`, `${input}/b/c.png`],
            );
          }
        }
      });

      it('follows an archive in a list on standard input, among other inputs', async () => {
        await write(name, archiveOf({ name: '1.png' }, { name: '2.png' }));
        await write('b.jpg', Buffer.of());
        async function* stdin() {
          yield `${at('b.jpg')}\n${at(name)}\n${at('none.tar')}\n`;
        }
        const items = await itemsIn([at(name), '-'], { stdin });
        assert.deepEqual(items.map(shown), [
          ...[`${name}/1.png`, `${name}/2.png`],
          ...['b.jpg', `${name}/1.png`, `${name}/2.png`, 'not_found: none.tar'],
        ]);
      });

      it('does not enter archives in folders or in archives', async () => {
        await mkdir(at('photos'));
        await write(`photos/${name}`, archiveOf({ name: 'a.png' }));
        assert.deepEqual(await walk(['photos']), []);
        await write('outer.tar', tarOf({ name, content: archiveOf({ name: 'a.png' }) }));
        assert.deepEqual(await walk(['outer.tar']), []);
      });

      it('walks a folder that is named like an archive', async () => {
        await mkdir(at(name));
        await write(`${name}/a.png`, Buffer.of());
        assert.deepEqual(await walk([name]), [`${name}/a.png`]);
      });

      it('fails an archive that cannot be read at all, once', async () => {
        await symlink(name, at(name));
        assert.deepEqual(await walk([name]), [`symlink_loop: ${name}`]);
        await rm(at(name));
        await promisify(execFile)('mkfifo', [at(name)]);
        assert.deepEqual(await walk([name]), [`read_failed: ${name}`]);
        await rm(at(name));
        await write(name, Buffer.from('no archive at all. '.repeat(100)));
        assert.deepEqual(await walk([name]), [`read_failed: ${name}`]);
      });

      if (platform === 'linux') {
        it('fails an archive without permission', async () => {
          await write(name, archiveOf({ name: 'a.png' }));
          await chmod(root, 0o755);
          await chmod(at(name), 0o000);
          const said = await asNobody(
            `import { itemsOf } from ${JSON.stringify(REGISTRY)};`,
            `for await (const { id, failure } of itemsOf([${JSON.stringify(at(name))}], { extensions: new Set() }))
              console.log(id, failure?.code);`,
          );
          assert.equal(said, `${at(name)} permission\n`);
        });
      }

      it('refuses empty and too large members, and fails one whose archive is gone', async () => {
        await write(name, archiveOf({ name: 'a.png' }, { name: 'b.png', content: 'four' }));
        const [a, b] = await itemsIn([at(name)]);
        assert.equal(await contentOf(a), 'empty_file: the member has no bytes');
        assert.equal(await contentOf(b, 4), 'four');
        assert.equal(await contentOf(b, 3), 'too_large: the member has 4 bytes, beyond the limit of 3 bytes');
        await rm(at(name));
        assert.equal(await contentOf(b), 'not_found: no such file or folder');
        assert.equal(await b?.identify(), undefined);
      });

      it('takes room in memory for the bytes of a member before it reads them', async () => {
        await write(name, archiveOf({ name: 'b.png', content: 'four' }));
        const [item] = await itemsIn([at(name)]);
        assert.ok(item?.status === 'found');
        const { read } = await item.open();
        await assert.rejects(
          read(LIMIT, (bytes) => Promise.reject(new Error(`no room for ${bytes}`))),
          /for 4$/,
        );
      });

      it('stops at the next member when it is aborted', async () => {
        const names = Array.from({ length: 5 }, (_, i) => ({ name: `${i}.txt` }));
        await write(name, archiveOf({ name: 'a.png' }, ...names, { name: 'b.png' }));
        for (const reason of [new Error('enough'), undefined]) {
          const controller = new AbortController();
          const found: string[] = [];
          const skipped: string[] = [];
          const walking = async () => {
            const { signal } = controller;
            const options = {
              extensions: EXTENSIONS,
              signal,
              onSkipped: (path: string) => skipped.push(path),
            };
            for await (const item of itemsOf([at(name)], options)) {
              found.push(shown(item));
              controller.abort(reason);
            }
          };
          await assert.rejects(walking, reason === undefined ? { name: 'AbortError' } : /enough/);
          assert.deepEqual([found, skipped], [[`${name}/a.png`], []]);
        }
      });

      it('stops among skipped members when it is aborted', async () => {
        const names = Array.from({ length: 5 }, (_, i) => ({ name: `${i}.txt` }));
        await write(name, archiveOf(...names));
        const controller = new AbortController();
        const skipped: string[] = [];
        const onSkipped = (path: string) => {
          skipped.push(path);
          controller.abort(new Error('enough'));
        };
        await assert.rejects(walk([name], { signal: controller.signal, onSkipped }), /enough/);
        assert.equal(skipped.length, 1);
      });

      it('gives identities that are equal until the archive changes', async () => {
        const bytes = archiveOf({ name: 'a.png', content: 'one' }, { name: 'b.png', content: 'two' });
        const identities = async () => {
          const found = [];
          for (const item of await itemsIn([at(name)])) {
            const opened = await (item as FoundItem).open();
            assert.deepEqual(opened.identity, await item.identify());
            await opened.read(LIMIT);
            found.push(opened.identity);
          }
          return found;
        };
        await write(name, bytes);
        await utimes(at(name), 1000, 1000);
        const before = await identities();
        assert.deepEqual(
          before.map((identity) => identity.bytes),
          [3, 3],
        );
        assert.notEqual(before[0]?.modified, before[1]?.modified);
        assert.deepEqual(await identities(), before);
        await write(name, bytes);
        await utimes(at(name), 1000, 1000);
        assert.deepEqual(await identities(), before); // the same size and time
        await utimes(at(name), 1000, 1001);
        const touched = await identities();
        await write(name, Buffer.concat([bytes, Buffer.of(0)]));
        await utimes(at(name), 1000, 1000);
        for (const [i, { modified }] of [
          ...touched,
          ...(name === 'a.tar' ? await identities() : []),
        ].entries())
          assert.notEqual(modified, before[i % 2]?.modified);
        assert.deepEqual(
          touched.map(headerIn),
          before.map(headerIn), // where the members are
        );
      });
    });
  }

  it('fails members of a tar that are no files, each with its reason', async () => {
    const latin1 = Buffer.from('caf\xe9.png', 'latin1');
    await tar(
      'a.tar',
      { name: 'hard.png', type: '1', link: 'a.png' },
      { name: 'symbolic.png', type: '2', link: '../beside.png' },
      { name: 'symbolic', type: '2', link: 'a.png' },
      { name: 'pipe.png', type: '6' },
      { name: 'sparse.png', type: 'S', magic: 'gnu', map: 'ends' },
      longName(latin1),
      { name: 'x', content: 'x' },
      { name: 'a.png', content: 'x' },
    );
    await write('beside.png', Buffer.from('beside'));
    const skipped: string[] = [];
    const options = { isImageHead: () => true, onSkipped: (path: string) => skipped.push(path) };
    const items = await itemsIn([at('a.tar')], options);
    assert.deepEqual(items.map(shown), [
      ...['hard', 'symbolic', 'pipe', 'sparse'].map((name) => `read_failed: a.tar/${name}.png`),
      'invalid_name: a.tar/caf\uFFFD.png',
      'a.tar/a.png',
    ]);
    assert.deepEqual(await contentsOf(items), [
      'read_failed: a link to a.png; links in archives are not followed',
      'read_failed: a link to ../beside.png; links in archives are not followed',
      'read_failed: a pipe or device, not an image file',
      'read_failed: a sparse member, which halonet does not read',
      'invalid_name: the name of the member is not valid UTF-8',
      'x',
    ]);
    assert.deepEqual(skipped, [`${at('a.tar')}/symbolic`]); // nothing says that it was an image
    for (const item of items.slice(0, 5)) assert.equal(await item.identify(), undefined);
  });

  it('fails members whose names no file can have, without a NUL in a row', async () => {
    const nul = 'a\0b.png';
    const nuls = ['a.tar', 'a.zip'].map((name) => `invalid_name: ${name}/a\uFFFDb.png`);
    await tar('a.tar', pax({ path: nul }), { name: 'x' }, { name: 'l.png', type: '2', link: 'a\nb' });
    const latin1 = Buffer.from('caf\xe9.png', 'latin1');
    await write('a.zip', zipOf([{ name: nul }, { name: latin1, flags: UTF8 }]));
    const items = await itemsIn([at('a.tar'), at('a.zip')]);
    assert.deepEqual(items.map(shown), [
      nuls[0],
      'read_failed: a.tar/l.png',
      nuls[1],
      'invalid_name: a.zip/caf\uFFFD.png',
    ]);
    assert.deepEqual(await contentsOf(items), [
      'invalid_name: the name of the member contains a NUL',
      'read_failed: a link to a\uFFFDb; links in archives are not followed',
      'invalid_name: the name of the member contains a NUL',
      'invalid_name: the name of the member is not valid UTF-8',
    ]);
  });

  it('fails members of a zip that it does not read, each with its reason', async () => {
    const entries = [
      { name: 'link.png', content: 'a.png', mode: 0o120777 },
      { name: 'secret.png', content: 'x', packed: Buffer.alloc(13), flags: ENCRYPTED },
      { name: 'lzma.png', content: 'x', method: 14 },
      { name: 'wrong.png', content: 'x', crc32: 1 },
      { name: 'size.png', content: 'x', size: 2 },
      { name: 'packed.png', content: 'x', method: DEFLATED, isZip64: true, packedSize: 2 ** 52 },
      { name: 'large.png', content: 'x', method: DEFLATED, isZip64: true, size: 2 ** 52 },
      { name: 'gone.png', content: 'x', header: 2 ** 31 },
      { name: 'no header', content: 'x', header: 1 },
      { name: 'a.png', content: 'x', method: DEFLATED },
    ];
    await write('a.zip', zipOf(entries));
    const items = await itemsIn([at('a.zip')], { isImageHead: (head) => head.byteLength > 0 });
    assert.deepEqual(await contentsOf(items), [
      'read_failed: a symbolic link; links in archives are not followed',
      'read_failed: the member is encrypted',
      'read_failed: compressed by method 14; halonet reads stored and deflated members',
      'read_failed: the CRC-32 of the member is wrong',
      'read_failed: the member has 1 bytes; the directory states 2',
      'read_failed: the directory states 4503599627370496 bytes for a member of 1 bytes',
      `too_large: the member has 4503599627370496 bytes, beyond the limit of ${LIMIT} bytes`,
      'read_failed: there is no member at byte 2147483648',
      'x',
    ]);
    assert.equal(
      await contentOf(items[6], Number.MAX_SAFE_INTEGER),
      'too_large: the member has 4503599627370496 bytes, beyond the limit of 2147483647 bytes',
    );
  });

  it('counts the members before the damage of a tar, then fails the archive once', async () => {
    const whole = tarOf({ name: '1.png', content: 'one' }, { name: '2.png', content: 'two' });
    const [second, end] = [1024, whole.byteLength - TAR_END.byteLength];
    const cut = async (bytes: Buffer) => {
      await write('a.tar', bytes);
      const items = await itemsIn([at('a.tar')]);
      return Promise.all(items.map(async (item) => `${shown(item)} ${await contentOf(item)}`));
    };
    const [one, two] = ['a.tar/1.png one', 'a.tar/2.png two'];
    const truncated = (where: string) => `truncated: a.tar truncated: the archive ends within the ${where}`;
    assert.deepEqual(await cut(whole.subarray(0, end)), [one, two]);
    assert.deepEqual(await cut(whole.subarray(0, second)), [one]); // as GNU tar: between members, nothing tells
    assert.deepEqual(await cut(whole.subarray(0, second + 100)), [one, truncated('header at byte 1024')]);
    assert.deepEqual(await cut(whole.subarray(0, second + 514)), [
      one,
      'a.tar/2.png truncated: the archive ends after 2 of the 3 bytes of the member',
      truncated('member at byte 1024'),
    ]);
    const damaged = Buffer.from(whole);
    damaged[second] = 0xff;
    assert.deepEqual(await cut(damaged), [
      one,
      'read_failed: a.tar read_failed: there is no tar header at byte 1024',
    ]);
    const skipped = tarOf({ name: '1.png', content: 'one' }, { name: 'data.bin', content: 'x'.repeat(9999) });
    assert.deepEqual(await cut(skipped.subarray(0, 5000)), [one, truncated('member at byte 1024')]);
  });

  describe('compressed', () => {
    const members = ['one', 'two', 'three'].map((name) => ({
      name: `${name}.png`,
      content: name.repeat(20_000),
    }));
    const whole = tarOf(...members);
    const found = ['one', 'two', 'three'].map((name) => `${name}.png`);

    /** Returns the ids of the members in an archive with these bytes, each with its failure, if any. */
    const read = async (name: string, bytes: Buffer): Promise<string[]> => {
      await write(name, bytes);
      const items = await itemsIn([at(name)]);
      return Promise.all(
        items.map(async (item, i) => {
          const content = await contentOf(item);
          const isRight = content === members[i]?.content;
          return `${item.id.replace(`${at(name)}/`, '').replace(root, '')}${isRight ? '' : ` ${content}`}`;
        }),
      );
    };

    it('are taken by their extensions, in any case', async () => {
      for (const name of ['a.tar.gz', 'a.tgz', 'A.TAR.GZ', 'a.Tgz', 'a.tar.zst', 'a.tzst', 'A.TZST']) {
        const bytes = /gz$/i.test(name) ? gzipSync(whole) : zstdOf(whole);
        assert.deepEqual(await read(name, bytes), found, name);
      }
    });

    it('may be in several members, and followed by padding or garbage', async () => {
      const parts = [whole.subarray(0, 70_000), whole.subarray(70_000)] as const;
      const [gzip, zstd] = [gzipSync, zstdOf].map((pack) => Buffer.concat(parts.map((part) => pack(part))));
      assert.deepEqual(await read('a.tgz', gzip as Buffer), found);
      assert.deepEqual(await read('a.tgz', Buffer.concat([gzip as Buffer, Buffer.alloc(512)])), found);
      assert.deepEqual(await read('a.tgz', Buffer.concat([gzip as Buffer, Buffer.from('garbage')])), found);
      assert.deepEqual(await read('a.tzst', zstd as Buffer), found);
    });

    const path = at; // a test has its own `at`
    const FORMS = [
      { name: 'a.tar.gz', pack: (bytes: Buffer) => gzipSync(bytes, { level: 0 }), what: 'the gzip data' },
      { name: 'a.tar.zst', pack: (bytes: Buffer) => zstdOf(bytes, 10_000), what: 'the Zstandard data' },
    ];

    for (const { name, pack, what } of FORMS) {
      it(`${name} gives the members before the place where it ends, then fails once`, async () => {
        const bytes = pack(whole);
        const early = `truncated: ${what} ends early`;
        const archive = `/${name} ${early}`;
        assert.deepEqual(await read(name, bytes.subarray(0, -1)), [...found, archive]);
        assert.deepEqual(await read(name, bytes.subarray(0, bytes.indexOf('three.png') + 40_000)), [
          ...['one.png', 'two.png', `three.png ${early}`, archive],
        ]);
        assert.deepEqual(await read(name, bytes.subarray(0, 100_000)), [
          'one.png',
          `two.png ${early}`,
          archive,
        ]);
      });

      it(`${name} fails once after its members if its checksum is wrong`, async () => {
        const bytes = pack(whole);
        const at = bytes.byteLength - (name === 'a.tar.gz' ? 8 : 4);
        bytes[at] = (bytes[at] as number) ^ 1;
        const [failed] = (await read(name, bytes)).slice(3);
        assert.match(failed ?? '', /^\/a\.tar\.\w+ read_failed: the (CRC-32|checksum) .*is wrong$/);
      });

      it(`${name} fails where its data are damaged, with the members before`, async () => {
        const entries = Array.from({ length: 100 }, (_, i) => ({ name: `${i}.png`, content: noise(i) }));
        const tarBytes = tarOf(...entries);
        const bytes = name === 'a.tar.gz' ? gzipSync(tarBytes) : pack(tarBytes);
        const at = name === 'a.tar.gz' ? bytes.byteLength >> 1 : 6 + 12 * 10_003; // zstd: the header of a block
        await write(name, bytes.fill(0xff, at, at + 300));
        const items = await itemsIn([path(name)]);
        const contents = await contentsOf(items);
        const failed = contents.findIndex((content, i) => content !== noise(i).toString());
        assert.ok(failed >= 35, `${failed} members`);
        assert.match(contents.at(-1) ?? '', /^read_failed: /);
        assert.equal(items.at(-1)?.id, path(name));
        if (name === 'a.tar.zst') assert.ok(items.length <= failed + 2); // what follows damage in gzip data may look whole
      });
    }

    it('fail if what follows their data comes before the end of the tar', async () => {
      const parts = [
        whole.subarray(0, whole.indexOf('two.png')),
        whole.subarray(whole.indexOf('two.png')),
      ] as const;
      const [first, second] = parts.map((part) => gzipSync(part)) as [Buffer, Buffer];
      second[0] = 0;
      const rows = await read('a.tgz', Buffer.concat([first, second]));
      assert.equal(rows[0], 'one.png');
      assert.match(
        rows[1] ?? '',
        /^\/a\.tgz read_failed: bytes that are not gzip data follow the member before byte/,
      );
      assert.equal(rows.length, 2);
    });

    it('are read twice from their beginning, though several members are read at a time', async () => {
      await write(
        'a.tgz',
        gzipSync(tarOf(...Array.from({ length: 400 }, (_, i) => ({ name: `${i}.png`, content: noise(i) })))),
      );
      const reads = await readsFromTheBeginning(at('a.tgz'), async () => {
        const going: Promise<void>[] = [];
        for await (const item of itemsOf([at('a.tgz')], { extensions: EXTENSIONS })) {
          const i = going.length;
          const reading = async () => {
            if (i % 7 === 0) await setTimeout(3);
            assert.equal(await contentOf(item), noise(i).toString());
          };
          going.push(reading());
          if (i >= 8) await going[i - 8];
        }
        await Promise.all(going);
      });
      assert.equal(reads, 2);
    });

    it('bring a member within reach, however much precedes it', async () => {
      await write(
        'a.tgz',
        gzipSync(
          tarOf({ name: 'video.bin', content: Buffer.alloc(50_000_000) }, { name: 'a.png', content: 'x' }),
        ),
      );
      const [item] = await itemsIn([at('a.tgz')]);
      assert.ok(item?.status === 'found' && item.reach !== undefined);
      const reads = await readsFromTheBeginning(at('a.tgz'), async () => item.reach?.());
      assert.equal(reads, 1);
      assert.equal(await readsFromTheBeginning(at('a.tgz'), async () => item.reach?.()), 0);
      assert.equal(
        await readsFromTheBeginning(at('a.tgz'), async () => assert.equal(await contentOf(item), 'x')),
        0,
      );
      await rm(at('a.tgz'));
      await item.reach();
      assert.match(await contentOf(item), /^not_found/);
    });
  });

  it('fails a member of a tar that states far more bytes than the archive has', async () => {
    await tar('a.tar', { name: 'a.png', content: 'x', size: 2 ** 30 });
    const [member, archive] = await itemsIn([at('a.tar')]);
    const before = process.memoryUsage().arrayBuffers;
    const failure = await contentOf(member, 2 ** 31);
    assert.ok(process.memoryUsage().arrayBuffers - before < 2 ** 29);
    assert.match(failure, /^truncated: the archive ends after 1536 of the 1073741824 bytes of the member$/);
    assert.match(await contentOf(archive), /^truncated: /);
  });

  it('fails a damaged zip once, because its directory is at its end', async () => {
    const whole = zipOf([{ name: '1.png', content: 'one' }]);
    await write('a.zip', whole.subarray(0, -1));
    assert.deepEqual(await walk(['a.zip']), ['read_failed: a.zip']);
    const lying = zipOf([{ name: '1.png', content: 'one' }], { isZip64: true });
    lying.writeBigUInt64LE(2n ** 63n, lying.byteLength - 22 - 20 + 8); // where the directory's end is
    await write('a.zip', lying);
    assert.deepEqual(await walk(['a.zip']), ['truncated: a.zip']);
    await write('a.zip', zipOf([{ name: '1.png' }, { name: '2.png', flags: 0x40 }]));
    assert.deepEqual(await walk(['a.zip']), ['a.zip/1.png', 'read_failed: a.zip']);
  });

  // The first page of a process is never mapped, so reading it fails with EIO.
  if (platform === 'linux') {
    it('fails an archive whose bytes cannot be read, which is no mistake of the command line', async () => {
      await symlink('/proc/self/mem', at('a.tar'));
      const items = await itemsIn([at('a.tar')]);
      assert.deepEqual(items.map(shown), ['read_failed: a.tar']);
      assert.equal(await contentOf(items[0]), 'read_failed: cannot be read (EIO)');
      await refuseMistaken([at('a.tar')]);
      const finder = new ItemFinder(root);
      assert.equal(await finder.find('a.tar/a.png', 'read_failed', undefined), undefined);
      await finder.close();
    });
  }

  describe('refuseMistaken', () => {
    const refusal = async (name: string): Promise<string> => {
      try {
        await refuseMistaken([at(name)]);
        return '';
      } catch (error) {
        assert.ok(error instanceof InputError, String(error));
        return `${error.message} ${error.hint}`.replace(at(name), name);
      }
    };

    it('refuses files that are named as archives and are none', async () => {
      await write('a.tar', Buffer.from('\x1f\x8b no tar '.repeat(100)));
      assert.equal(
        await refusal('a.tar'),
        'a.tar is not a tar archive: there is no tar header at byte 0 Check the file; if it was cut off in a copy or download, get it again.',
      );
      await write('a.zip', Buffer.from('PK\x03\x04 no zip'));
      assert.match(
        await refusal('a.zip'),
        /^a\.zip is not a zip archive: End of central directory.*get it again/,
      );
      await write('a.tar.gz', tarOf({ name: 'a.png' }));
      assert.match(
        await refusal('a.tar.gz'),
        /^a\.tar\.gz is not a tar archive compressed with gzip: it does not begin like gzip data /,
      );
      await write('a.tzst', gzipSync(tarOf({ name: 'a.png' })));
      assert.match(
        await refusal('a.tzst'),
        /^a\.tzst is not a tar archive compressed with Zstandard: it does not begin like /,
      );
      await write('a.tgz', gzipSync('no tar '.repeat(100)));
      assert.match(
        await refusal('a.tgz'),
        /^a\.tgz is not a tar archive compressed with gzip: there is no tar header at byte 0/,
      );
      await write('B.ZIP', tarOf({ name: 'a.png' }));
      assert.match(await refusal('B.ZIP'), /^B\.ZIP is not a zip archive/);
    });

    it('accepts archives, also empty, damaged further on or unreadable ones', async () => {
      await tar('empty.tar');
      await tar('a.tar', { name: 'a.png' }, Buffer.alloc(512, 'damage'));
      await write('a.zip', zipOf([{ name: 'a.png' }]));
      await write('empty.zip', zipOf([]));
      await write('empty.tgz', gzipSync(TAR_END));
      await write(
        'cut.tzst',
        zstdOf(tarOf({ name: 'a.png', content: 'x'.repeat(9999) }), 1000).subarray(0, 5000),
      );
      await symlink('loop.tar', at('loop.tar'));
      for (const name of ['empty.tgz', 'cut.tzst', 'empty.tar', 'a.tar', 'a.zip', 'empty.zip', 'loop.tar'])
        assert.equal(await refusal(name), '', name);
      assert.match(await refusal('none.tar'), /^no file or folder/);
    });
  });

  describe('MemberFinder', () => {
    let finder: MemberFinder;
    beforeEach(() => {
      finder = new MemberFinder();
    });
    afterEach(() => finder.close());

    /** A format that counts the bytes it asks an archive for, and the members it yields. */
    function counting(format: ArchiveFormat) {
      const counts = { bytes: 0, members: 0 };
      const counted = (archive: ArchiveFile): ArchiveFile => ({
        ...archive,
        read: (position, length) => {
          counts.bytes += length;
          return archive.read(position, length);
        },
      });
      const { memberAt } = format;
      return {
        counts,
        ...format,
        async *members(archive: ArchiveFile) {
          for await (const member of format.members(counted(archive))) {
            counts.members++;
            yield member;
          }
        },
        ...(memberAt && {
          memberAt: (archive: ArchiveFile, header: number) => memberAt(counted(archive), header),
        }),
      };
    }

    const find = async (format: ArchiveFormat, name: string, member: string, identity?: FileIdentity) => {
      const archive = { name, path: at(name), target: at(name) };
      return finder.find(format, archive, member, identity);
    };

    const MEMBER_BYTES = 20 * 2 ** 20;
    const COUNT = 500;

    it('finds a member near the end of a 10 GB tar without reading what precedes it', async () => {
      const handle = await open(at('a.tar'), 'w');
      for (let i = 0; i < COUNT; i++) {
        const member = tarEntry({ name: `${i}.png`, content: `bytes of ${i}`, size: MEMBER_BYTES });
        await handle.write(member, 0, member.byteLength, i * (512 + MEMBER_BYTES));
      }
      await handle.truncate(COUNT * (512 + MEMBER_BYTES) + 1024);
      await handle.close();
      const items = await itemsIn([at('a.tar')]);
      const counted = counting(TAR);
      for (const i of [490, 3, 499]) {
        const identity = await items[i]?.identify();
        const found = await find(counted, 'a.tar', `${i}.png`, identity);
        assert.equal(found?.id, `a.tar/${i}.png`);
        assert.deepEqual(await found?.identify(), identity);
        assert.match(await contentOf(found, MEMBER_BYTES), new RegExp(`^bytes of ${i}\0`));
      }
      assert.ok(counted.counts.bytes <= 3 * 512, `${counted.counts.bytes} bytes`);
    });

    for (const { name, format, archiveOf } of FORMATS) {
      const members = (...names: readonly string[]) =>
        names.map((one) => ({ name: one, content: `bytes of ${one}` }));

      it(`finds members of ${name} by name after it has changed`, async () => {
        await write(name, archiveOf(...members('a.png', 'b.png', 'c.png')));
        const items = await itemsIn([at(name)]);
        await write(name, archiveOf(...members('0.png', 'c.png', 'longer/name.png', './b.png', 'a.png')));
        for (const [i, one] of ['a.png', 'b.png', 'c.png'].entries()) {
          const found = await find(format, name, one, await items[i]?.identify());
          assert.equal(found?.id, `${name}/${one}`);
          assert.match(await contentOf(found), new RegExp(`^bytes of (\\./)?${one}$`));
        }
      });

      it(`finds members of ${name} without an identity, in any order`, async () => {
        await write(name, archiveOf(...members('a.png', 'b.png', 'c.png')));
        for (const one of ['b.png', 'c.png', 'a.png', 'a.png', 'c.png'])
          assert.equal(await contentOf(await find(format, name, one)), `bytes of ${one}`);
      });

      it(`reads ${name}, which has changed, once at most for each lookup, and once in all for members in order`, async () => {
        const names = Array.from({ length: 40 }, (_, i) => `${i}.png`);
        await write(name, archiveOf(...members(...names)));
        const items = await itemsIn([at(name)]);
        await write(name, archiveOf(...members('new.png', ...names)));
        const { counts, ...counted } = counting(format);
        const passed = async (member: string, i: number) => {
          counts.members = 0;
          const found = await find(counted, name, member, await items[i]?.identify());
          return [found?.id, counts.members];
        };
        const all = names.length + 1;
        assert.deepEqual(await passed('20.png', 20), [`${name}/20.png`, all]); // nowhere where it was
        const [id] = await passed('none.png', 3); // reads the rest
        assert.equal(id, undefined);
        assert.deepEqual(await passed('none.png', 3), [undefined, 0]); // all names are known
        const again = format.memberAt === undefined ? all : 0; // otherwise, the place of every member is known
        for (const i of [21, 22, 39]) assert.equal((await passed(`${i}.png`, i))[0], `${name}/${i}.png`);
        assert.deepEqual(await passed('39.png', 39), [`${name}/39.png`, again]);
        counts.members = 0;
        for (const i of [0, 7, 8, 30]) await find(counted, name, `${i}.png`, await items[i]?.identify());
        assert.equal(counts.members, again === 0 ? 0 : 32);
      });

      it(`tells members of the same name in ${name} apart by their place`, async () => {
        const entries = ['one', 'two', 'three'].map((content) => ({ name: 'a.png', content }));
        await write(name, archiveOf(...entries));
        const items = await itemsIn([at(name)]);
        for (const i of [2, 0, 1]) {
          const found = await find(format, name, 'a.png', await items[i]?.identify());
          assert.equal(await contentOf(found), entries[i]?.content);
        }
      });

      it(`finds nothing in ${name} where nothing is`, async () => {
        await write(name, archiveOf(...members('a.png', 'folder/'), { name: 'z.png' }));
        const [item] = await itemsIn([at(name)]);
        assert.equal(await find(format, name, 'none.png', await item?.identify()), undefined);
        assert.equal(await find(format, name, 'none.png'), undefined);
        assert.equal(await contentOf(await find(format, name, 'a.png')), 'bytes of a.png'); // still
        await assert.rejects(find(format, `none-${name}`, 'a.png'), /no such file or folder/);
        await write(`no-${name}`, Buffer.from('no archive'.repeat(100)));
        assert.equal(await find(format, `no-${name}`, 'a.png'), undefined);
      });
    }

    for (const { format, pack, ...one } of [
      { name: 'a.tgz', format: TAR_GZIP, pack: (bytes: Buffer) => gzipSync(bytes) },
      { name: 'a.tzst', format: TAR_ZSTD, pack: zstdOf },
    ]) {
      it(`finds and reads members of ${one.name} in their order in two passes, by their places or by their names`, async () => {
        const entries = Array.from({ length: 300 }, (_, i) => ({ name: `${i}.png`, content: noise(i) }));
        await write(one.name, pack(tarOf(...entries)));
        const items = await itemsIn([at(one.name)]);
        const identities = await Promise.all(items.map((item) => item.identify()));
        for (const known of [identities, []]) {
          const reads = await readsFromTheBeginning(at(one.name), async () => {
            for (let i = 1; i < 300; i += 30) {
              const found = await find(format, one.name, `${i}.png`, known[i]);
              assert.equal(await contentOf(found), noise(i).toString());
            }
          });
          assert.equal(reads, 2);
          await finder.close();
        }
      });
    }

    it('finds the members of a tar before its damage, and those after it by their place', async () => {
      const parts = ['a', 'b', 'c'].map((one) =>
        tarEntry({ name: `${one}.png`, content: `bytes of ${one}` }),
      );
      await tar('a.tar', ...parts);
      const items = await itemsIn([at('a.tar')]);
      const identities = await Promise.all(items.map((item) => item.identify()));
      (parts[1] as Buffer)[0] = 0xff;
      await tar('a.tar', ...parts);
      for (const [i, expected] of ['bytes of a', 'nothing', 'bytes of c'].entries()) {
        const name = `${'abc'[i]}.png`;
        assert.equal(await contentOf(await find(TAR, 'a.tar', name, identities[i])), expected);
      }
      assert.equal(await find(TAR, 'a.tar', 'c.png'), undefined); // without its place
      assert.equal(await contentOf(await find(TAR, 'a.tar', 'a.png')), 'bytes of a');
    });

    it('finds links and members that cannot be read as failures', async () => {
      await tar('a.tar', { name: 'a.png', type: '2', link: 'b.png' });
      await write('a.zip', zipOf([{ name: 'a.png', content: 'x', method: 14 }]));
      const failureOf = (item: Item | undefined) => item?.status === 'failed' && item.failure.message;
      assert.match(String(failureOf(await find(TAR, 'a.tar', 'a.png'))), /^a link to b\.png; /);
      assert.match(String(failureOf(await find(ZIP, 'a.zip', 'a.png'))), /^compressed by method 14; /);
    });

    it('opens an archive again once it has changed', async () => {
      await tar('a.tar', { name: 'a.png', content: 'old' });
      assert.equal(await contentOf(await find(TAR, 'a.tar', 'a.png')), 'old');
      await tar('a.tar', { name: 'b.png', content: 'new' }, { name: 'c.png', content: 'longer than before' });
      assert.equal(await contentOf(await find(TAR, 'a.tar', 'b.png')), 'new');
      assert.equal(await find(TAR, 'a.tar', 'a.png'), undefined);
    });

    it('refuses a member of an archive that was changed since it was found', async () => {
      await tar('a.tar', { name: 'a.png', content: 'one' });
      const found = await find(TAR, 'a.tar', 'a.png');
      await tar('a.tar', { name: 'b.png', content: 'two, and longer' });
      assert.equal(await contentOf(found), 'read_failed: the archive was changed during the run');
    });
  });

  describe('headerIn', () => {
    const ARCHIVE = { bytes: 1234, modified: 5678n };

    it('returns where a member begins, up to a TiB, by its identity', () => {
      const mostKnown = 2 ** 40 - 2;
      for (const header of [0, 1, 512, 2 ** 32, mostKnown]) {
        const identity = memberIdentity(ARCHIVE, { header, size: 7 });
        assert.equal(headerIn(identity), header);
        assert.equal(identity.bytes, 7);
        assert.equal(BigInt.asIntN(64, identity.modified), identity.modified);
      }
      for (const header of [mostKnown + 1, 2 ** 40 + 512, 2 ** 45])
        assert.equal(headerIn(memberIdentity(ARCHIVE, { header, size: 7 })), undefined);
    });

    it('keeps identities apart that differ in the archive, the place or the size', () => {
      const place = { header: 512, size: 7 };
      const all = [
        memberIdentity(ARCHIVE, place),
        memberIdentity({ ...ARCHIVE, bytes: 1235 }, place),
        memberIdentity({ ...ARCHIVE, modified: 5679n }, place),
        memberIdentity(ARCHIVE, { ...place, header: 513 }),
        memberIdentity(ARCHIVE, { ...place, size: 8 }),
      ].map(({ bytes, modified }) => `${bytes} ${modified}`);
      assert.equal(new Set(all).size, all.length);
      assert.deepEqual(memberIdentity({ ...ARCHIVE }, { ...place }), memberIdentity(ARCHIVE, place));
    });
  });

  describe('ItemFinder', () => {
    let finder: ItemFinder;
    beforeEach(() => {
      finder = new ItemFinder(root);
    });
    afterEach(() => finder.close());
    const find = async (id: string) => contentOf(await finder.find(id, 'decode_failed', undefined));

    it('finds members of archives and files in folders by their ids', async () => {
      await mkdir(at('b.zip'));
      await write('b.zip/a.png', Buffer.from('in a folder'));
      await tar('a.TAR', { name: 'x.zip/a.png', content: 'in a tar' });
      assert.equal(await find('a.TAR/x.zip/a.png'), 'in a tar');
      const found = await finder.find('a.TAR/x.zip/a.png', 'decode_failed', undefined);
      assert.deepEqual([found?.id, found?.target], ['a.TAR/x.zip/a.png', `${at('a.TAR')}/x.zip/a.png`]);
      assert.equal(await find('b.zip/a.png'), 'in a folder');
      assert.equal(await find(`${at('a.TAR')}/x.zip/a.png`), 'in a tar');
    });

    it('finds no file outside an archive, even if the archive is gone or a folder now', async () => {
      await write('beside.png', Buffer.from('beside'));
      await tar('a.tar', { name: 'a.png', content: 'x' });
      assert.equal(await find('a.tar/../beside.png'), 'nothing');
      await rm(at('a.tar'));
      assert.equal(await find('a.tar/../beside.png'), 'nothing');
      assert.equal(await find('a.tar/a.png'), 'nothing');
      await mkdir(at('a.tar'));
      assert.equal(await find('a.tar/../beside.png'), 'nothing');
    });

    it('leaves the row of an archive that could not be read: it may hold many images', async () => {
      await tar('a.tar', { name: 'a.png', content: 'x' });
      assert.equal(await contentOf(await finder.find('a.tar', 'truncated', undefined)), 'nothing');
      assert.equal(await contentOf(await finder.find('none.zip', 'not_found', undefined)), 'nothing');
    });
  });
});
