import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import {
  copyFile,
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  stat,
  symlink,
  unlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { tryLock } from '../../src/lock/lock.js';
import { halonet, startHalonet } from '../support/cli.js';
import { copyDemo } from '../support/demo-copy.js';
import { sampleImages } from '../support/samples.js';

const DEMO = ['--model', 'demo', '--device', 'cpu', '--threads', '1', '--quiet'];

/** Every path below a folder, with its size and modification time. */
async function everything(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder, { recursive: true });
  const looks = names.sort().map(async (name) => {
    const { size, mtimeMs } = await stat(join(folder, name));
    return `${name} ${size} ${mtimeMs}`;
  });
  const { mtimeMs } = await stat(folder);
  return [...(await Promise.all(looks)), `. ${mtimeMs}`];
}

/** The entry of a file in the table of a plan: its bytes, and whether they are exact. */
function planned(plan: string, name: string): { readonly bytes: number; readonly exact: boolean } {
  const line = plan.split('\n').find((text) => text.startsWith(`${name} `));
  const cells = line?.split(/ {2,}/) ?? [];
  const last = cells.at(-1) ?? '';
  return { bytes: Number(last.replaceAll(/[~, ]/g, '')), exact: !last.startsWith('~') };
}

const factOf = (plan: string, name: string) => new RegExp(`^${name} +(.*)$`, 'm').exec(plan)?.[1] ?? '';

describe('--dry-run', () => {
  let folder: string;
  let empty: string;
  let links: string; // a folder with one broken link
  const samples = sampleImages();
  beforeEach(async () => {
    folder = await realpath(await mkdtemp(join(tmpdir(), 'halonet-dry-run-')));
    empty = join(folder, 'empty');
    await mkdir(empty);
    links = await mkdtemp(join(tmpdir(), 'halonet-links-'));
    await symlink('/no/such.jpg', join(links, 'broken.jpg'));
  });
  afterEach(() => Promise.all([rm(folder, { recursive: true }), rm(links, { recursive: true })]));
  const place = (name: string) => join(folder, name);

  /** A dry run, which must change nothing. */
  async function dryRun(args: readonly string[], stdin = '') {
    const before = await everything(folder);
    const result = await halonet([...args, ...DEMO, '--dry-run'], { stdin });
    assert.deepEqual(await everything(folder), before);
    return result;
  }

  /** Asserts that the run after a plan writes as many bytes to each file as the plan predicts. */
  async function agrees(args: readonly string[], files: Readonly<Record<string, string>>): Promise<void> {
    const plan = await dryRun(args);
    assert.deepEqual([plan.code, plan.stderr], [0, '']);
    await halonet([...args, ...DEMO]);
    let total = 0;
    for (const [name, path] of Object.entries(files)) {
      const { size } = await stat(path);
      const { bytes, exact } = planned(plan.stdout, name);
      total += bytes;
      assert.equal(exact, /\.(npy|rows|classes\.csv)$/.test(name), name);
      if (exact) assert.equal(bytes, size, name);
      else assert.ok(Math.abs(bytes / size - 1) < 0.05, `${name}: ${bytes} planned, ${size} written`);
    }
    assert.equal(planned(plan.stdout, 'total').bytes, total);
  }

  it('predicts the size of an array, its index and its ledger', async () => {
    const output = place('e.npy');
    await agrees(['embed', ...samples.times(4), links, '-o', output], {
      'e.npy': output,
      'e.index.csv': place('e.index.csv'),
      'e.npy.run.rows': `${output}.run.rows`,
    });
  });

  it('predicts the size of the class names beside scores', async () => {
    const output = place('s.npy');
    await agrees(['classify', ...samples.times(4), '-o', output], {
      's.npy': output,
      's.index.csv': place('s.index.csv'),
      's.classes.csv': place('s.classes.csv'),
      's.npy.run.rows': `${output}.run.rows`,
    });
  });

  it('predicts the size of every stage', async () => {
    const output = place('pyramid');
    await agrees(['features', samples.all, '--stages', '2,3,4', '--dtype', 'float16', '-o', output], {
      'pyramid/stage2.npy': join(output, 'stage2.npy'),
      'pyramid/stage3.npy': join(output, 'stage3.npy'),
      'pyramid/stage4.npy': join(output, 'stage4.npy'),
      'pyramid/index.csv': join(output, 'index.csv'),
      'pyramid.run.rows': `${output}.run.rows`,
    });
  });

  it('estimates the size of text outputs', async () => {
    for (const [command, name] of [
      ['classify', 'c.csv'],
      ['embed', 'e.jsonl'],
      ['features', 'f.jsonl'],
    ] as const) {
      const output = place(name);
      await agrees([command, ...samples.times(4), '-o', output], {
        [name]: output,
        [`${name}.run.rows`]: `${output}.run.rows`,
      });
    }
  });

  it('reports the number of images, unreadable inputs, and the time', async () => {
    await writeFile(place('photo.jpg'), 'no image, which only decoding tells');
    const { code, stdout } = await dryRun(['classify', ...samples.times(3), links, place('photo.jpg')]);
    assert.equal(code, 0);
    assert.equal(factOf(stdout, 'images'), '49 found, 1 input unreadable (not_found 1)');
    assert.equal(factOf(stdout, 'model'), 'demo, at 128×128');
    assert.equal(factOf(stdout, 'device'), 'cpu');
    assert.equal(factOf(stdout, 'output'), 'standard output: new');
    assert.match(factOf(stdout, 'time'), / at [\d.]+ images\/s, measured on 32$/);
    assert.doesNotMatch(stdout, /^disk/m);
  });

  it('refuses inputs without images, and plans an empty output with --allow-empty', async () => {
    const refused = await dryRun(['embed', empty, '-o', place('e.npy')]);
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /^error: no image in .*empty\n/);
    const { code, stdout } = await dryRun(['embed', empty, '--allow-empty', '-o', place('e.npy')]);
    assert.equal(code, 0);
    assert.equal(factOf(stdout, 'images'), 'none');
    assert.equal(factOf(stdout, 'time'), 'none');
    assert.equal(planned(stdout, 'e.npy').bytes, 128);
  });

  it('does not read a list on standard input', async () => {
    const child = startHalonet(['embed', '-', '-o', place('e.npy'), ...DEMO, '--dry-run']);
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.resume();
    const code = await new Promise((resolve) => child.on('close', resolve)); // while the list is still open
    assert.equal(code, 0);
    assert.equal(
      factOf(stdout, 'images'),
      '0 found, those of the list on standard input unknown: it is not read',
    );
    assert.match(stdout, /^e\.npy +2,048 +unknown$/m);
    assert.equal(factOf(stdout, 'time'), 'unknown');
  });

  it('refuses what the run would refuse', async () => {
    const missing = await dryRun(['embed', samples.all, '-o', place('no/such/e.npy')]);
    assert.equal(missing.code, 2);
    assert.match(missing.stderr, /^error: cannot write .*does not exist/);
    assert.equal(missing.stdout, '');

    const output = place('taken.npy');
    await writeFile(output, 'precious');
    const taken = await dryRun(['embed', samples.all, '-o', output]);
    assert.equal(taken.code, 2);
    assert.match(taken.stderr, /^error: .*taken\.npy already exists\n.*--overwrite/);
    assert.match(factOf(taken.stdout, 'output'), /taken\.npy: cannot start \(see the error below\)$/);
    assert.equal(planned(taken.stdout, 'taken.npy').bytes, 128 + 16 * 2_048);

    const replaced = await dryRun(['embed', samples.all, '-o', output, '--overwrite']);
    assert.equal(replaced.code, 0);
    assert.match(factOf(replaced.stdout, 'output'), /: replaces an existing output$/);
  });

  it('refuses an output that another run is writing', async () => {
    const output = place('e.npy');
    const lock = await tryLock(`${output}.lock`);
    try {
      // The lock file is touched while it is held, so only names can be compared.
      const { code, stderr } = await halonet(['embed', samples.all, '-o', output, ...DEMO, '--dry-run']);
      assert.equal(code, 2);
      assert.match(
        stderr,
        new RegExp(`^error: another run \\(process ${process.pid} on .*is writing .*e\\.npy`),
      );
      assert.deepEqual((await readdir(folder)).sort(), ['e.npy.lock', 'empty']);
    } finally {
      await lock.release();
    }
  });

  it('reports where an interrupted run would resume, and how much is left to write', async () => {
    const output = place('e.npy');
    const bad = place('bad.jpg');
    await writeFile(bad, 'no image');
    const args = ['embed', ...samples.times(2), bad, samples.all, '-o', output];
    assert.equal((await halonet([...args, ...DEMO, '--fail-fast'])).code, 1);

    const refused = await dryRun(args);
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /^error: a run to .*e\.npy was interrupted.*\n.*--resume/);

    const resumed = await dryRun([...args, '--resume']);
    assert.equal(resumed.code, 0);
    assert.match(factOf(resumed.stdout, 'output'), /: continues after 32 of 49 rows$/);
    // 17 rows, each of 2,048 bytes, 32 in the ledger and about 45 in the index
    assert.match(
      factOf(resumed.stdout, 'disk'),
      /^3[56]\.\d kB to write; fits in the [\d.]+ [MGT]B free in /,
    );
    const startedOver = await dryRun([...args, '--overwrite']);
    assert.match(factOf(startedOver.stdout, 'output'), /: replaces an existing output$/);

    const other = await dryRun([...args, '--resume', '--dtype', 'float16']);
    assert.equal(other.code, 2);
    assert.match(other.stderr, /^error: .*started with other settings: --dtype was float32, now float16/);

    assert.equal((await halonet([...args, ...DEMO, '--resume'])).code, 1);
    const finished = await dryRun([...args, '--resume']);
    assert.equal(finished.code, 0);
    assert.match(factOf(finished.stdout, 'output'), /e\.npy is complete \(49 rows\): nothing to do$/);
    assert.doesNotMatch(finished.stdout, /^(disk|time|file) /m);
  });

  it('reports how many rows --sync would reuse', async () => {
    const photos = place('photos');
    await cp(samples.shapes, photos, { recursive: true });
    const args = ['embed', photos, '-o', place('e.npy')];
    assert.equal((await halonet([...args, ...DEMO])).code, 0);
    await unlink(join(photos, 'ring.png'));
    await copyFile(join(photos, 'heart.png'), join(photos, 'arrow.png'));
    for (const name of ['new.png', 'newer.png'])
      await copyFile(join(photos, 'star.webp'), join(photos, name));

    const resumed = await dryRun([...args, '--resume']);
    assert.equal(resumed.code, 2);
    assert.match(resumed.stderr, /^error: the inputs of .* have changed: 2 new, 1 changed, 1 gone\n/);
    const synced = await dryRun([...args, '--sync']);
    assert.equal(synced.code, 0);
    assert.match(factOf(synced.stdout, 'output'), /: 2 new, 1 changed, 1 gone; keeps 9 of 12 rows$/);
    assert.equal((await halonet([...args, ...DEMO, '--sync'])).code, 0);
    const { stored } = JSON.parse(await readFile(place('e.npy.run.json'), 'utf8'));
    assert.equal(stored, 9);
  });

  it('plans a run that crashed before its first row, or while its folder was being moved', async () => {
    const args = ['embed', samples.all, '-o', place('e.npy')];
    await mkdir(place('e.npy.partial/data'), { recursive: true });
    assert.match(factOf((await dryRun([...args, '--resume'])).stdout, 'output'), /: new$/);
    await writeFile(place('e.npy.partial/mine.txt'), 'mine');
    const foreign = await dryRun(args);
    assert.equal(foreign.code, 2);
    assert.match(foreign.stderr, /contains mine\.txt/);
    await rm(place('e.npy.partial'), { recursive: true });

    const bad = place('bad.jpg');
    await writeFile(bad, 'no image');
    await halonet([...args, bad, ...DEMO, '--fail-fast']);
    await mkdir(place('e.npy.partial.next'));
    await rename(place('e.npy.partial'), place('e.npy.partial.next/base'));
    const { stdout } = await dryRun([...args, bad, '--resume']);
    assert.match(factOf(stdout, 'output'), /: continues after 16 of 17 rows$/);
  });

  it('measures a model for int8 without keeping the result', async () => {
    const model = place('model');
    await copyDemo(model, { measured: false });
    const before = await everything(folder);
    const flags = ['-m', model, '--device', 'cpu', '--threads', '1', '--precision', 'int8', '--dry-run'];
    const { code, stderr } = await halonet(['embed', samples.all, '-o', place('e.npy'), ...flags]);
    assert.equal(code, 0);
    assert.match(stderr, /^int8: .*; calibration not saved: a dry run writes nothing$/m);
    assert.deepEqual(await everything(folder), before);
  });
});

const run = promisify(execFile);

describe('a disk that is too small', () => {
  let folder: string;
  let disk: string;
  let mounted = false;
  const samples = sampleImages();

  before(async function () {
    folder = await mkdtemp(join(tmpdir(), 'halonet-small-disk-'));
    disk = join(folder, 'disk');
    await mkdir(disk);
    try {
      await run('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'none', disk]);
      mounted = true;
    } catch {
      this.skip(); // mounting a file system of one megabyte needs Linux and root
    }
  });

  after(async () => {
    if (mounted) await run('umount', [disk]);
    await rm(folder, { recursive: true });
  });

  const embed = (output: string, ...flags: string[]) =>
    halonet(['embed', ...samples.times(14), '-o', output, ...DEMO, '--checkpoint', '0.1', ...flags]);

  it('stops a run early, which resumes once there is space', async () => {
    const whole = join(folder, 'whole.jsonl');
    const output = join(disk, 'e.jsonl');
    await embed(whole);
    const { size } = await stat(whole);
    assert.ok(size > 2 ** 20, `${size} bytes would fit`);

    const plan = await embed(output, '--dry-run');
    assert.equal(plan.code, 2);
    assert.match(
      factOf(plan.stdout, 'disk'),
      /^[\d.]+ MB to write; does not fit in the [\d.]+ MB free in .*disk$/,
    );
    assert.match(plan.stderr, /^error: not enough disk space for .*e\.jsonl/);
    assert.equal((await embed(output, '--dry-run', '--no-check-space')).code, 0);
    assert.deepEqual(await readdir(disk), []);

    const early = await embed(output);
    assert.equal(early.code, 2);
    assert.match(
      early.stderr,
      /^error: not enough disk space for .*: it needs at least [\d.]+ MB more, and /,
    );
    assert.match(early.stderr, /rows are saved; to continue, repeat the command with --resume/);
    const [, rows] = /(\d+) rows are saved/.exec(early.stderr) ?? [];
    assert.ok(Number(rows) < 100, `stopped after ${rows} of 224 rows`);

    const full = await embed(output, '--resume', '--no-check-space');
    assert.equal(full.code, 2);
    assert.match(full.stderr, /^error: .*: no space left on device\n/);

    await run('mount', ['-o', 'remount,size=8m', disk]);
    assert.equal((await embed(output, '--resume')).code, 0);
    assert.deepEqual(await readFile(output), await readFile(whole));
  });
});
