import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { halonet, ROOT } from '../support/cli.js';

const run = promisify(execFile);
const DEMO = ['-m', 'demo', '--device', 'cpu'];
const NAMES = ['arrow', 'heart', 'triangle'];

describe('inputs spelled differently', function () {
  this.timeout(240_000);
  let root: string;
  let isBound = false; // whether root/work/photos is mounted at root/bound
  before(async () => {
    root = await realpath(await mkdtemp(join(tmpdir(), 'halonet-spellings-')));
    for (const folder of ['work/photos/deep', 'work/other', 'bound'])
      await mkdir(join(root, folder), { recursive: true });
    for (const name of NAMES)
      await cp(join(ROOT, `fixtures/images/shapes/${name}.png`), join(root, `work/photos/${name}.png`));
    await cp(
      join(ROOT, 'fixtures/images/shapes/pentagon.avif'),
      join(root, 'work/photos/deep/pentagon.avif'),
    );
    await symlink('photos', join(root, 'work/link'));
    await symlink(join(root, 'work/photos'), join(root, 'far'));
    isBound = await run('mount', ['--bind', join(root, 'work/photos'), join(root, 'bound')]).then(
      () => true,
      () => false, // mounting needs Linux and root
    );
    await embed('work', ['photos'], 'first.npy');
  });
  after(async () => {
    if (isBound) await run('umount', [join(root, 'bound')]);
    await rm(root, { recursive: true });
  });

  const embed = (cwd: string, inputs: readonly string[], output: string, ...flags: readonly string[]) =>
    halonet(['embed', ...inputs, ...DEMO, '-b', '1', '-o', join(root, output), ...flags], {
      cwd: join(root, cwd),
    });
  const read = (name: string) => readFile(join(root, name));

  /** Copies the first output under another name. */
  async function copyFirst(stem: string): Promise<void> {
    for (const end of ['npy', 'index.csv', 'npy.run.rows', 'npy.run.json']) {
      const manifest = end.endsWith('json');
      const text = await read(`first.${end}`);
      await writeFile(
        join(root, `${stem}.${end}`),
        manifest ? text.toString().replaceAll('"first.', `"${stem}.`) : text,
      );
    }
  }

  const spellings: readonly (readonly [what: string, cwd: string, inputs: () => readonly string[]])[] = [
    ['with ./ in the middle', 'work', () => ['../work/./photos']],
    ['with ./ and a trailing slash', 'work', () => ['./photos/']],
    ['with ..', 'work', () => ['other/../photos']],
    ['absolute', 'work', () => [join(root, 'work/photos')]],
    ['from another working directory', '.', () => ['work/photos']],
    ['from inside of it', 'work/photos', () => ['.']],
    ['through a symbolic link beside it', 'work', () => ['link']],
    ['through a symbolic link from elsewhere', '.', () => ['far/']],
    ['through a bind mount', '.', () => [isBound ? 'bound' : 'work/./photos']],
    [
      'in several ways in one command',
      'work',
      () => ['photos/arrow.png', join(root, 'work/photos/deep'), './photos/heart.png', 'link/triangle.png'],
    ],
  ];

  for (const [what, cwd, inputs] of spellings) {
    it(`reuse every row and get their new paths: ${what}`, async () => {
      await embed(cwd, inputs(), 'new.npy', '--overwrite');
      await copyFirst('second');

      const resumed = await embed(cwd, inputs(), 'second.npy', '--resume');
      assert.equal(resumed.code, 0, resumed.stderr);
      assert.match(resumed.stderr, /second\.npy has \d rows with a new path or new columns; --sync/);
      assert.match(resumed.stderr, /nothing left to do: 4 images/);
      assert.deepEqual(await read('second.index.csv'), await read('first.index.csv'));

      const synced = await embed(cwd, inputs(), 'second.npy', '--sync');
      assert.equal(synced.code, 0, synced.stderr);
      assert.match(
        synced.stderr,
        /second\.npy: [34] with a new path or new columns\nno images to compute, 4 rows in all/,
      );
      for (const end of ['npy', 'index.csv', 'npy.run.rows'])
        assert.deepEqual(await read(`second.${end}`), await read(`new.${end}`), end);

      const again = await embed(cwd, inputs(), 'second.npy', '--sync');
      assert.match(again.stderr, /^nothing left to do: 4 images/);
    });
  }

  it('keep their paths if only a trailing slash differs', async () => {
    await copyFirst('second');
    for (const mode of ['--resume', '--sync']) {
      const { code, stderr } = await embed('work', ['photos/'], 'second.npy', mode);
      assert.equal(code, 0);
      assert.match(stderr, /^nothing left to do: 4 images/);
    }
  });

  it('reuse the rows of an interrupted run, and are counted apart from removed images', async () => {
    const bad = join(root, 'work/photos/i-bad.png');
    await writeFile(bad, 'no image');
    try {
      const args = ['--overwrite', '--checkpoint', '0', '--fail-fast'];
      const stopped = await embed('work', ['photos'], 'third.npy', ...args);
      assert.equal(stopped.code, 1, stopped.stderr);
      assert.match(stopped.stderr, /3 rows are saved/);
      const resumed = await embed('.', ['work/photos'], 'third.npy', '--resume');
      assert.equal(resumed.code, 1, resumed.stderr);
      assert.match(
        resumed.stderr,
        /third\.npy: 3 with a new path or new columns\n2 images in .* 5 rows in all/,
      );
      await embed('.', ['work/photos'], 'new.npy', '--overwrite');
      for (const end of ['npy', 'index.csv', 'npy.run.rows'])
        assert.deepEqual(await read(`third.${end}`), await read(`new.${end}`), end);
      await rm(bad);
      const synced = await embed('work', ['photos'], 'third.npy', '--sync');
      assert.equal(synced.code, 0, synced.stderr);
      assert.match(
        synced.stderr,
        /third\.npy: 1 gone, 4 with a new path or new columns\nno images to compute, /,
      );
    } finally {
      await rm(bad, { force: true });
    }
  });

  it('need --sync to continue an interrupted run if they come from a list', async () => {
    const list = (prefix: string) =>
      ['arrow', 'heart', 'i-bad', 'triangle'].map((name) => `${prefix}photos/${name}.png\n`).join('');
    const bad = join(root, 'work/photos/i-bad.png');
    await writeFile(bad, 'no image');
    try {
      const listed = (prefix: string, ...flags: readonly string[]) =>
        halonet(['embed', '-', ...DEMO, '-b', '1', '-o', 'list.npy', ...flags], {
          cwd: join(root, 'work'),
          stdin: list(prefix),
        });
      assert.equal((await listed('', '--fail-fast')).code, 1);
      const resumed = await listed('./', '--resume');
      assert.equal(resumed.code, 2);
      assert.match(
        resumed.stderr,
        /list\.npy have changed: 2 with a new path or new columns\n {2}Pass --sync/,
      );
      const synced = await listed('./', '--sync');
      assert.equal(synced.code, 1, synced.stderr);
      assert.match(synced.stderr, /\n2 images in .*, 4 rows in all, 1 failed/);
      const index = (await read('work/list.index.csv')).toString();
      assert.deepEqual(
        index.split('\n').map((line) => line.split(',')[1]),
        ['path', ...list('./').trimEnd().split('\n'), undefined],
      );
    } finally {
      await rm(bad);
    }
  });
});
