import assert from 'node:assert/strict';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import sharp from 'sharp';
import { readJournal } from '../../src/runs/journal.js';
import { base256, DEFLATED, pax, type TarEntry, tarEntry, tarOf, zipOf } from '../support/archives.js';
import { type CliResult, halonet, ROOT, startHalonet } from '../support/cli.js';
import type { FsReport } from '../support/fs-preload.js';
import { withPlan } from '../support/preloaded-cli.js';
import { until } from '../support/until.js';
import { zstdOf } from '../support/zstd.js';

// One image at a time, and a checkpoint after each.
const DEMO = [
  ...['--model', 'demo', '--device', 'cpu', '--threads', '1'],
  ...['--batch-size', '1', '--decoders', '1', '--checkpoint', '0'],
];

const NAMES = ['a.png', 'b.png', 'c.jpg', 'deep/d.png'];

describe('archives on the command line', () => {
  let folder: string;
  const images = new Map<string, Buffer>(); // by their names
  before(async () => {
    for (const [i, name] of NAMES.entries()) {
      const background = { r: 60 * i, g: 200 - 50 * i, b: 99 };
      const image = sharp({ create: { width: 40, height: 30, channels: 3, background } });
      images.set(name, await (name.endsWith('.jpg') ? image.jpeg() : image.png()).toBuffer());
    }
  });
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'halonet-archives-'));
    await write('photos.tar', tarOf(...entries()));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const entries = () => [...images].map(([name, content]) => ({ name, content }));
  const write = (name: string, bytes: Uint8Array | string) => writeFile(join(folder, name), bytes);
  const read = (name: string) => readFile(join(folder, name), 'utf8');
  const here = (args: readonly string[], stdin?: string): Promise<CliResult> =>
    halonet(args, { cwd: folder, ...(stdin !== undefined && { stdin }) });

  /** The tar of all images, in which the first bytes of one are zeros. */
  function damaged(name: string): Buffer {
    const bytes = tarOf(...entries());
    const image = images.get(name) as Buffer;
    return bytes.fill(0, bytes.indexOf(image), bytes.indexOf(image) + 8);
  }

  /** Writes the bytes of an image over its zeros, in place. */
  async function repair(name: string): Promise<void> {
    const image = images.get(name) as Buffer;
    const handle = await open(join(folder, 'photos.tar'), 'r+');
    await handle.write(image.subarray(0, 8), 0, 8, damaged(name).indexOf(image.subarray(8)) - 8);
    await handle.close();
  }

  /** Asserts that an output matches that of a new run over the tar. */
  async function assertAsNew(output: string): Promise<void> {
    await here(['classify', 'photos.tar', ...DEMO, '-o', `new-${output}`]);
    assert.equal(await read(output), await read(`new-${output}`));
  }

  it('gives the rows of the folder that a tar, compressed or not, or a zip unpacks to', async () => {
    const drawing = join(ROOT, 'fixtures/images/shapes/ring.svg'); // decoded in a separate process
    const all = [...entries(), { name: 'e.svg', content: await readFile(drawing) }];
    await mkdir(join(folder, 'photos/deep'), { recursive: true });
    for (const { name, content } of all) await write(join('photos', name), content);
    const long = ({ name, content }: TarEntry) => [
      pax({ path: `./${name}` }),
      { name: 'x', content: content ?? '' },
    ];
    const tar = tarOf({ name: './', type: '5' }, ...all.flatMap(long), { name: 'notes.txt' });
    await write('photos.tar', tar);
    await write('photos.tgz', gzipSync(tar));
    await write('photos.tar.zst', zstdOf(tar));
    await write(
      'photos.zip',
      zipOf(all.map((entry, i) => ({ ...entry, method: i % 2 === 0 ? 0 : DEFLATED }))),
    );
    for (const input of ['photos', 'photos.tar', 'photos.tgz', 'photos.tar.zst', 'photos.zip']) {
      const { code, stderr } = await here(['embed', input, ...DEMO, '-o', `${input}.npy`]);
      assert.equal(code, 0, stderr);
      const isArchive = input !== 'photos';
      assert.equal(/^read 5 images in 1 archive, \d+\.\d kB$/m.test(stderr), isArchive, stderr);
      const { sources } = JSON.parse(await read(`${input}.npy.run.json`));
      assert.deepEqual(
        { ...sources, bytesRead: undefined },
        { ...(isArchive && { archives: 1, members: 5 }), bytesRead: undefined },
      );
      assert.equal(sources.bytesRead > 0, isArchive);
      assert.equal(
        stderr.includes('skipped 1 file without a supported image extension: 1 .txt'),
        input.startsWith('photos.t'),
      );
      assert.equal((await here(['verify', `${input}.npy`])).code, 0);
    }
    for (const input of ['photos.tar', 'photos.tgz', 'photos.tar.zst', 'photos.zip']) {
      assert.deepEqual(
        await readFile(join(folder, `${input}.npy`)),
        await readFile(join(folder, 'photos.npy')),
      );
      const index = await read(`${input}.index.csv`);
      assert.equal(index.replaceAll(`${input}/`, 'photos/'), await read('photos.index.csv'));
      assert.match(index, new RegExp(`^0,${input}/a\\.png,$`, 'm'));
    }
  });

  it('plans the images of an archive without reading them', async () => {
    await write('photos.tar', damaged('b.png'));
    const plan = await here(['classify', 'photos.tar', ...DEMO, '-o', 'c.csv', '--dry-run']);
    assert.deepEqual([plan.code, plan.stderr], [0, '']);
    assert.match(plan.stdout, /^images +4 found$/m);
    assert.match(plan.stdout, /^sources +4 images in 1 archive, \d+\.\d kB$/m);
    assert.deepEqual(await readdir(folder), ['photos.tar']);
  });

  it('resumes within an archive', async () => {
    await write('photos.tar', damaged('c.jpg'));
    const args = ['classify', 'photos.tar', ...DEMO, '-o', 'c.csv'];
    const stopped = await here([...args, '--fail-fast']);
    assert.equal(stopped.code, 1);
    assert.match(stopped.stderr, /first failed image, "photos\.tar\/c\.jpg" \(unsupported_format: /);
    const resumed = await here([...args, '--resume']);
    assert.equal(resumed.code, 1);
    assert.match(resumed.stderr, /^c\.csv: continuing after 2 rows\n2 images in .*, 4 rows in all, 1 failed/);
    await assertAsNew('c.csv');
  });

  it('refuses to resume with an archive that has changed, and computes its rows again with --sync', async () => {
    await write('photos.tar', damaged('c.jpg'));
    const args = ['classify', 'photos.tar', ...DEMO, '-o', 'c.csv'];
    await here([...args, '--fail-fast']);
    await repair('c.jpg');
    const refused = await here([...args, '--resume']);
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /^error: the inputs of c\.csv have changed: .*2 changed/);
    assert.equal((await here([...args, '--sync'])).code, 0);
    await assertAsNew('c.csv');
  });

  it('resumes with a list of archives after the process was killed', async () => {
    await write('photos.zip', zipOf(entries()));
    const args = ['classify', '-', ...DEMO, '-o', 'c.csv'];
    const child = startHalonet(args, { cwd: folder });
    const closed = once(child, 'close');
    child.stdout.resume();
    child.stderr.resume();
    child.stdin.write('photos.tar\n');
    const journal = join(folder, 'c.csv.partial/journal.jsonl');
    await until('four rows', async () => (await readJournal(journal))?.checkpoint.rows === 4);
    child.kill('SIGKILL');
    await closed;
    const list = 'photos.tar\nphotos.zip\n';
    const resumed = await here([...args, '--resume'], list);
    assert.equal(resumed.code, 0, resumed.stderr);
    assert.match(resumed.stderr, /^c\.csv: continuing after 4 rows\n4 images in .*, 8 rows in all/);
    await here(['classify', '-', ...DEMO, '-o', 'new.csv'], list);
    assert.equal(await read('c.csv'), await read('new.csv'));
  });

  it('syncs with an archive that has grown, and does nothing while it stays the same', async () => {
    const link = { name: 'link.png', type: '2', link: 'a.png' };
    await write('photos.tar', tarOf(...entries().slice(1), link));
    const sync = ['classify', 'photos.tar', ...DEMO, '-o', 'c.csv', '--sync'];
    assert.equal((await here(sync)).code, 1);
    const same = await here(sync);
    assert.equal(same.stderr, 'nothing left to do: 4 images in c.csv, 1 failed (read_failed 1)\n');
    await sleep(5); // another time of modification
    await write('photos.tar', tarOf(...entries()));
    const grown = await here(sync);
    assert.equal(grown.code, 0, grown.stderr);
    assert.match(grown.stderr, /^c\.csv: 1 new, 3 changed, 1 gone\n/);
    await assertAsNew('c.csv');
  });

  it('finds rows again when an archive is spelled differently', async () => {
    const args = (input: string) => ['classify', input, ...DEMO, '-o', 'c.csv', '--sync'];
    assert.equal((await here(args('photos.tar'))).code, 0);
    const renamed = await here(args('./photos.tar'));
    assert.doesNotMatch(renamed.stderr, /\d (new|changed|gone)/);
    assert.match(await read('c.csv'), /^\.\/photos\.tar\/a\.png,/m);
  });

  it('keeps the rows before the end of a truncated archive, and fails it', async () => {
    const whole = tarOf(...entries());
    const last = whole.indexOf(images.get('deep/d.png') as Buffer);
    await write('photos.tar', whole.subarray(0, last - 100));
    const { code, stderr } = await here(['classify', 'photos.tar', ...DEMO, '-o', 'c.jsonl']);
    assert.equal(code, 1);
    assert.match(
      stderr,
      /^photos\.tar cannot be read to its end: .*; once it can, --sync adds .*\n4 images in .*, 1 failed \(truncated 1\)/,
    );
    const rows = (await read('c.jsonl'))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.deepEqual(
      rows.map(({ path, error }) => [path, error?.code]),
      [
        ...['a.png', 'b.png', 'c.jpg'].map((name) => [`photos.tar/${name}`, undefined]),
        ['photos.tar', 'truncated'],
      ],
    );
    await write('photos.tar', whole);
    const retried = await here(['retry', 'c.jsonl']); // its row may stand for many images, so it stays
    assert.equal(retried.code, 1);
    assert.equal((await read('c.jsonl')).trimEnd().split('\n').length, 4);
    assert.match(await read('c.jsonl'), /"truncated"/);
  });

  it('retries a failed member that was repaired in place', async () => {
    await write('photos.tar', damaged('b.png'));
    assert.equal((await here(['classify', 'photos.tar', ...DEMO, '-o', 'c.csv'])).code, 1);
    await repair('b.png');
    const retried = await halonet(['retry', join(folder, 'c.csv')]); // from another folder
    assert.equal(retried.code, 0, retried.stderr);
    assert.match(retried.stderr, /^retried 1 image in .*, 1 succeeded, 4 rows in all/);
    assert.equal((await here(['verify', 'c.csv'])).code, 0);
    await assertAsNew('c.csv');
  });

  it('classifies and retries the images of a 20 GB tar without reading what lies between them', async () => {
    const GB = 10 ** 9;
    const image = (name: string) => tarEntry({ name, content: images.get(name) as Buffer });
    const large = (name: string, size: number) => ({
      header: tarEntry({ name, size: base256(BigInt(size)) }),
      size,
    });
    const parts = [
      { header: image('a.png'), size: 0 },
      large('video.bin', 9 * GB),
      { header: image('b.png').fill(0, 512, 520), size: 0 },
      large('database.bin', 11 * GB),
      { header: image('c.jpg'), size: 0 },
    ];
    const path = join(folder, 'photos.tar');
    const handle = await open(path, 'w');
    const places: number[] = [];
    let end = 0;
    for (const { header, size } of parts) {
      places.push(end);
      await handle.write(header, 0, header.byteLength, end);
      end += header.byteLength + Math.ceil(size / 512) * 512;
    }
    await handle.truncate(end + 1024); // its end: zeros, as all between
    const mended = image('b.png');
    const read = async (code: number, ...args: readonly string[]) => {
      const report = `${folder}.report`;
      const env = withPlan({ folder: path, report });
      const result = await halonet(args, { cwd: folder, env });
      assert.equal(result.code, code, result.stderr);
      const { bytesToRead } = JSON.parse(await readFile(report, 'utf8')) as FsReport;
      await rm(report);
      return bytesToRead;
    };
    assert.ok((await read(0, 'classify', 'photos.tar', ...DEMO, '-o', 'c.csv', '--dry-run')) < 2 ** 20);
    const first = await read(1, 'classify', 'photos.tar', ...DEMO, '-o', 'c.csv');
    assert.ok(first > 1000 && first < 2 ** 20, `${first} bytes`);
    await handle.write(mended, 0, mended.byteLength, places[2]);
    await handle.close();
    const retried = await read(0, 'retry', 'c.csv');
    assert.ok(retried > 500 && retried < 2 ** 18, `${retried} bytes`);
    await assertAsNew('c.csv');
  });

  for (const { name, pack } of [
    { name: 'photos.tar.gz', pack: (bytes: Buffer) => gzipSync(bytes) },
    { name: 'photos.tzst', pack: (bytes: Buffer) => zstdOf(bytes) },
  ]) {
    it(`takes ${name} and its members for every purpose that a tar serves`, async () => {
      await write(name, pack(damaged('c.jpg')));
      const args = ['classify', name, ...DEMO, '-o', 'c.csv'];
      const plan = await here([...args, '--dry-run']);
      assert.match(plan.stdout, /^images +4 found$/m);
      assert.equal((await here([...args, '--fail-fast'])).code, 1);
      const resumed = await here([...args, '--resume']);
      assert.match(
        resumed.stderr,
        /^c\.csv: continuing after 2 rows\n2 images in .*, 4 rows in all, 1 failed/,
      );
      const same = await here([...args, '--sync']);
      assert.match(same.stderr, /^nothing left to do: 4 images in c\.csv, 1 failed/);
      await write(name, pack(tarOf(...entries())));
      const retried = await here(['retry', 'c.csv']);
      assert.match(retried.stderr, /^retried 1 image in .*, 1 succeeded, 4 rows in all/);
      await here(['classify', name, ...DEMO, '-o', 'new.csv']);
      assert.equal(await read('c.csv'), await read('new.csv'));
      const paths = [...images.keys()].map((member) => `${name}/${member}`);
      await write('list.csv', ['path', ...paths].join('\n'));
      const before = await read('new.csv');
      for (const inputs of [
        paths,
        ['--from', 'list.csv'],
        [`${name.slice(0, -2)}[${name.at(-2)}]${name.at(-1)}`],
      ]) {
        const { code, stderr } = await here(['classify', ...inputs, ...DEMO, '-o', 'new.csv', '--overwrite']);
        assert.equal(code, 0, stderr);
        assert.equal(await read('new.csv'), before);
      }
      const int8 = ['--precision', 'int8', '--calibration', name];
      assert.equal((await here(['classify', 'photos.tar', ...DEMO, ...int8, '-o', 'int8.csv'])).code, 0);
    });
  }

  it('never reads a file beside an archive for a member with its name', async () => {
    await mkdir(join(folder, 'in'));
    await write('secret.png', images.get('a.png') as Buffer);
    const absolute = join(folder, 'secret.png');
    const evil = ['../../secret.png', '../secret.png', absolute].map((name) => ({
      name,
      content: 'no image',
    }));
    const links = [{ name: 'link.png', type: '2', link: '../secret.png' }];
    await write('in/evil.tar', tarOf(...evil, ...links));
    await write('in/evil.zip', zipOf(evil));
    await write('in/secret.png', images.get('a.png') as Buffer);
    const args = ['classify', 'in/evil.tar', 'in/evil.zip', ...DEMO, '-o', 'c.csv'];
    const failed = /7 failed \((unsupported_format 6, read_failed 1|read_failed 1, unsupported_format 6)\)/;
    const { code, stderr } = await here(args);
    assert.equal(code, 1);
    assert.match(stderr, failed);
    const rows = await read('c.csv');
    for (const gone of [false, true]) {
      if (gone) for (const name of ['evil.tar', 'evil.zip']) await rm(join(folder, 'in', name));
      const retried = await here(['retry', 'c.csv']);
      assert.equal(retried.code, 1, retried.stderr);
      assert.equal(await read('c.csv'), rows);
    }
  });

  it('refuses a file that is named as an archive and is none, before it writes anything', async () => {
    await copyFile(join(ROOT, 'README.md'), join(folder, 'photos.tar'));
    const { code, stderr } = await here(['classify', 'photos.tar', ...DEMO, '-o', 'c.csv']);
    assert.equal(code, 2);
    assert.match(
      stderr,
      /^error: photos\.tar is not a tar archive: there is no tar header at byte 0\n {2}Check/,
    );
    assert.deepEqual(await readdir(folder), ['photos.tar']);
    assert.ok((await stat(join(folder, 'photos.tar'))).size > 1000);
  });
});
