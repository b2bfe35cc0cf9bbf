import assert from 'node:assert/strict';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { halonet, ROOT } from '../support/cli.js';
import { readFloats } from '../support/read-npy.js';

const SHAPES = join(ROOT, 'fixtures/images/shapes');
const DEMO = ['--model', 'demo', '--device', 'cpu', '--threads', '1', '--batch-size', '1', '--stages', '3,4'];

describe('halonet features --layout per-image', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'halonet-per-image-'));
    await mkdir(join(folder, 'photos', 'cats'), { recursive: true });
    await copyFile(join(SHAPES, 'arrow.png'), join(folder, 'photos', 'cats', 'a.png'));
    await copyFile(join(SHAPES, 'heart.png'), join(folder, 'photos', 'b.png'));
  });
  afterEach(() => rm(folder, { recursive: true }));
  const here = (...args: string[]) => halonet(args, { cwd: folder });
  const perImage = (...args: string[]) =>
    here('features', 'photos', ...DEMO, '--layout', 'per-image', '--output', 'maps', ...args);
  const text = (name: string) => readFile(join(folder, name), 'utf8');
  const names = async (name: string) => (await readdir(join(folder, name), { recursive: true })).sort();

  it('writes the rows of the arrays of all images', async () => {
    assert.equal((await perImage('--dtype', 'float16')).code, 0);
    await here('features', 'photos', ...DEMO, '--dtype', 'float16', '--output', 'arrays');
    assert.equal(
      await text('maps/index.csv'),
      'row,path,error,stem\n0,photos/b.png,,photos/b.png\n1,photos/cats/a.png,,photos/cats/a.png\n',
    );
    for (const stage of ['stage3', 'stage4']) {
      const all = await readFloats(join(folder, 'arrays', `${stage}.npy`));
      const [rows = 0, ...shape] = all.shape;
      const one = await readFloats(join(folder, 'maps', `photos/cats/a.png.${stage}.npy`));
      assert.deepEqual(one.shape, shape);
      assert.deepEqual(one.data, all.data.subarray(all.data.length / rows));
    }
    assert.deepEqual(await names('maps'), [
      'checksums.txt',
      'index.csv',
      'photos',
      'photos/b.png.stage3.npy',
      'photos/b.png.stage4.npy',
      'photos/cats',
      'photos/cats/a.png.stage3.npy',
      'photos/cats/a.png.stage4.npy',
    ]);
  });

  it('finds altered and missing arrays with halonet verify', async () => {
    await perImage();
    const intact = await here('verify', 'maps');
    assert.equal(intact.code, 0);
    assert.match(intact.stdout, /^intact {3}maps\/photos\/cats\/a\.png\.stage4\.npy$/m);
    assert.equal(intact.stdout.split('\n').length, 7 + 1);
    await writeFile(join(folder, 'maps/photos/b.png.stage3.npy'), 'altered');
    await rm(join(folder, 'maps/photos/b.png.stage4.npy'));
    const { code, stdout, stderr } = await here('verify', 'maps');
    assert.equal(code, 1);
    assert.match(stdout, /^altered {2}maps\/photos\/b\.png\.stage3\.npy$/m);
    assert.match(stdout, /^missing {2}maps\/photos\/b\.png\.stage4\.npy$/m);
    assert.match(stderr, /^2 files are altered or missing/);
    const synced = await perImage('--sync');
    assert.equal(synced.code, 0, 'nothing has changed');
    await rm(join(folder, 'photos/b.png'));
    const refused = await perImage('--sync');
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /maps\/photos\/b\.png\.stage3\.npy was altered after its run/);
  });

  it('replaces the whole folder with --sync and --overwrite, but no files of others', async () => {
    await perImage();
    await rm(join(folder, 'photos/b.png'));
    await copyFile(join(SHAPES, 'heart.png'), join(folder, 'photos/cats/c.png'));
    const { stderr } = await perImage('--sync');
    assert.match(stderr, /^maps: 1 new, 1 gone\n1 image in /);
    const synced = await names('maps');
    assert.ok(!synced.includes('photos/b.png.stage3.npy') && synced.includes('photos/cats/c.png.stage3.npy'));
    assert.equal((await here('verify', 'maps')).code, 0);
    await writeFile(join(folder, 'maps/photos/mine.txt'), 'mine');
    for (const mode of ['--overwrite', '--sync', '--resume']) {
      const refused = await perImage(mode);
      assert.equal(refused.code, 2);
      assert.match(
        refused.stderr,
        /^error: maps holds photos\/mine\.txt, which halonet features --layout per-image /,
      );
    }
    assert.equal(await text('maps/photos/mine.txt'), 'mine');
    await rm(join(folder, 'maps/photos/mine.txt'));
    assert.equal((await perImage('--overwrite')).code, 0);
    assert.deepEqual(
      await names('.'),
      [
        ...['maps', ...(await names('maps')).map((name) => `maps/${name}`), 'maps.run.json', 'maps.run.rows'],
        ...['photos', 'photos/cats', 'photos/cats/a.png', 'photos/cats/c.png'],
      ].sort(),
    );
  });

  it('takes an empty folder, and neither a file nor a folder of another layout', async () => {
    await mkdir(join(folder, 'maps'));
    assert.equal((await perImage()).code, 0);
    assert.equal((await perImage()).code, 2);
    const arrays = await here('features', 'photos', ...DEMO, '--output', 'maps', '--overwrite');
    assert.match(arrays.stderr, /^error: maps holds checksums\.txt, which halonet features did not write/);
    await here('features', 'photos', ...DEMO, '--output', 'arrays');
    const args = ['features', 'photos', ...DEMO, '--layout', 'per-image', '--overwrite', '--output'];
    assert.match(
      (await here(...args, 'arrays')).stderr,
      /^error: arrays holds (index\.csv|stage\d\.npy), which /,
    );
    assert.match(
      (await here(...args, 'photos/b.png')).stderr,
      /^error: photos\/b\.png has the name of an image/,
    );
    await writeFile(join(folder, 'notes'), '');
    assert.match(
      (await here(...args, 'notes')).stderr,
      /^error: notes is a file, and --layout per-image writes /,
    );
  });

  it('says in a dry run which files an image gives', async () => {
    const { code, stdout } = await perImage('--dry-run');
    assert.equal(code, 0);
    for (const name of ['*.stage3.npy', '*.stage4.npy', 'index.csv', 'checksums.txt'])
      assert.ok(stdout.includes(`maps/${name} `), stdout);
  });

  it('is refused for formats other than NPY, and for standard output', async () => {
    for (const format of ['csv', 'jsonl']) {
      const { code, stderr } = await perImage('--format', format, '--pool', 'avg');
      assert.equal(code, 2);
      assert.match(stderr, /^error: --layout per-image writes NPY, not (CSV|JSONL)\n/);
    }
    const { stderr } = await here('features', 'photos', ...DEMO, '--layout', 'per-image');
    assert.match(stderr, /^error: NPY cannot be written to standard output/);
  });
});
