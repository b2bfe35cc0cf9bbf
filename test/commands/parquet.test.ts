import assert from 'node:assert/strict';
import { copyFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type CliResult, halonet, ROOT } from '../support/cli.js';
import { column, page, parquetOf, plain } from '../support/parquet.js';

// One image at a time, and a checkpoint after each.
const DEMO = [
  ...['--model', 'demo', '--device', 'cpu', '--threads', '1'],
  ...['--batch-size', '1', '--decoders', '1', '--checkpoint', '0'],
];

const FIXTURES = join(ROOT, 'fixtures/parquet');
const IMAGES = join(FIXTURES, 'images');

describe('Parquet files on the command line', () => {
  let folder: string;
  let images: readonly Buffer[];
  before(async () => {
    const names = (await readdir(IMAGES)).sort();
    images = await Promise.all(names.map((name) => readFile(join(IMAGES, name))));
  });
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'halonet-parquet-'));
    await write('photos.parquet', tableOf(images));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const write = (name: string, bytes: Uint8Array) => writeFile(join(folder, name), bytes);
  const read = (name: string) => readFile(join(folder, name), 'utf8');
  const here = (args: readonly string[]): Promise<CliResult> => halonet(args, { cwd: folder });

  /** A file with two rows in each row group. */
  function tableOf(rows: readonly Buffer[], options = {}): Buffer {
    const groups = [];
    for (let i = 0; i < rows.length; i += 2) {
      const values = rows.slice(i, i + 2);
      groups.push({ rows: values.length, pages: [page(plain(...values), { rows: values.length })] });
    }
    return parquetOf(groups, options);
  }

  /** The file of all images, in which one has the bytes of none. */
  const damaged = (row: number) =>
    tableOf(images.map((image, i) => (i === row ? Buffer.alloc(image.byteLength, 'x') : image)));

  /** Asserts that an output matches that of a new run. */
  async function assertAsNew(output: string): Promise<void> {
    await here(['classify', 'photos.parquet', ...DEMO, '-o', `new-${output}`]);
    assert.equal(await read(output), await read(`new-${output}`));
  }

  it('give the rows of the folder that the images came from', async () => {
    const embed = (input: string, output: string) =>
      here(['embed', input, ...DEMO.slice(0, 6), '--batch-size', '3', '--decoders', '3', '-o', output]);
    assert.equal((await embed(IMAGES, 'folder.npy')).code, 0);
    const expected = await readFile(join(folder, 'folder.npy'));
    for (const name of ['datasets', 'duckdb', 'polars', 'pandas', 'fastparquet', 'pyarrow-zstd-v2']) {
      await copyFile(join(FIXTURES, `${name}.parquet`), join(folder, `${name}.parquet`));
      const { code, stderr } = await embed(`${name}.parquet`, `${name}.npy`);
      assert.equal(code, 0, stderr);
      assert.deepEqual(await readFile(join(folder, `${name}.npy`)), expected, name);
      assert.match(await read(`${name}.index.csv`), new RegExp(`^6,${name}\\.parquet/6,$`, 'm'));
    }
    assert.equal((await here(['verify', 'duckdb.npy'])).code, 0);
  });

  it('are planned without reading the images', async () => {
    await write('photos.parquet', damaged(2));
    const plan = await here(['classify', 'photos.parquet', ...DEMO, '-o', 'c.csv', '--dry-run']);
    assert.deepEqual([plan.code, plan.stderr], [0, '']);
    assert.match(plan.stdout, /^images +7 found$/m);
    assert.match(plan.stdout, /^sources +7 rows in 4 row groups of 1 Parquet file, \d+\.\d kB$/m);
    assert.deepEqual(await readdir(folder), ['photos.parquet']);
  });

  it('resume within a file, and not with one that has changed', async () => {
    await write('photos.parquet', damaged(3));
    const args = ['classify', 'photos.parquet', ...DEMO, '-o', 'c.csv'];
    const stopped = await here([...args, '--fail-fast']);
    assert.match(stopped.stderr, /first failed image, "photos\.parquet\/3" \(unsupported_format: /);
    const partial = await readdir(folder);
    const resumed = await here([...args, '--resume']);
    assert.match(resumed.stderr, /^c\.csv: continuing after 3 rows\n4 images in .*, 7 rows in all, 1 failed/);
    await assertAsNew('c.csv');
    assert.ok(partial.includes('c.csv.partial'));
    await rm(join(folder, 'c.csv'));
    await here([...args, '--fail-fast', '--overwrite']);
    await sleep(5); // another time of modification
    await write('photos.parquet', tableOf(images));
    const refused = await here([...args, '--resume']);
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /^error: the inputs of c\.csv have changed: /);
  });

  it('sync with a file that has grown, and do nothing while it stays the same', async () => {
    await write('photos.parquet', tableOf(images.slice(0, 5)));
    const sync = ['classify', 'photos.parquet', ...DEMO, '-o', 'c.csv', '--sync'];
    assert.equal((await here(sync)).code, 0);
    assert.equal((await here(sync)).stderr, 'nothing left to do: 5 images in c.csv\n');
    await sleep(5);
    await write('photos.parquet', tableOf(images));
    const grown = await here(sync);
    assert.match(grown.stderr, /^c\.csv: 2 new, 5 changed, 0 gone\n|^c\.csv: 2 new, 5 changed\n/);
    await assertAsNew('c.csv');
  });

  it('retry a failed row of the column that the run was given', async () => {
    const schema = [column('thumbnail'), column('image')];
    await write('photos.parquet', tableOf(images, { schema }));
    const args = ['classify', 'photos.parquet', ...DEMO, '-o', 'c.csv', '--image-column', 'image'];
    const { code, stderr } = await here([...args, '--max-pixels', '1']);
    assert.match(stderr, /^7 images in .*, 7 failed \(too_large 7\)/);
    assert.equal(code, 1);
    const retried = await halonet(['retry', join(folder, 'c.csv'), '--max-pixels', '100000000']); // from another folder
    assert.equal(retried.code, 0, retried.stderr);
    assert.match(retried.stderr, /^retried 7 images in .*, 7 succeeded/);
    await write('photos.parquet', tableOf(images));
    await assertAsNew('c.csv');
  });

  it('leave failed rows of a file that has changed to --sync: another image may have their number', async () => {
    await write('photos.parquet', tableOf(images.with(4, Buffer.from('x'))));
    const args = ['classify', 'photos.parquet', ...DEMO, '-o', 'c.csv'];
    assert.match((await here(args)).stderr, /^7 images in .*, 1 failed/);
    const failed = await read('c.csv');
    await sleep(5);
    await write('photos.parquet', tableOf(images));
    const retried = await here(['retry', 'c.csv']);
    assert.equal(retried.code, 1);
    assert.match(
      retried.stderr,
      /^not retried: 1 failed row of changed Parquet files; --sync computes them\n/,
    );
    assert.equal(await read('c.csv'), failed);
    assert.equal((await here([...args, '--sync'])).code, 0);
    await assertAsNew('c.csv');
  });

  it('compute rows again when another column is named', async () => {
    await copyFile(join(FIXTURES, 'columns-two.parquet'), join(folder, 'two.parquet'));
    const sync = (name: string, ...flags: readonly string[]) =>
      here(['classify', 'two.parquet', ...DEMO, '-o', 'c.csv', '--sync', '--image-column', name, ...flags]);
    await sync('photo');
    const photo = await read('c.csv');
    assert.match((await sync('thumbnail', '--dry-run')).stdout, /2 changed/);
    assert.match((await sync('thumbnail')).stderr, /2 changed/);
    assert.notEqual(await read('c.csv'), photo);
    assert.match((await sync('thumbnail')).stderr, /^nothing left to do/);
  });

  it('calibrate a model for int8', async () => {
    await copyFile(join(FIXTURES, 'columns-two.parquet'), join(folder, 'two.parquet'));
    const args = ['embed', 'two.parquet', ...DEMO, '--precision', 'int8', '--image-column', 'photo'];
    const { code, stderr } = await here([...args, '--calibration', 'two.parquet', '-o', 'e.npy']);
    assert.equal(code, 0, stderr);
    assert.equal((await readFile(join(folder, 'e.npy'))).subarray(1, 6).toString(), 'NUMPY');
  });

  it('are refused before anything is written if it is not clear which column to read', async () => {
    await copyFile(join(FIXTURES, 'columns-two.parquet'), join(folder, 'photos.parquet'));
    const { code, stderr } = await here(['classify', 'photos.parquet', ...DEMO, '-o', 'c.csv']);
    assert.equal(code, 2);
    assert.equal(
      stderr,
      'error: photos.parquet has 2 columns that may hold images: "thumbnail" (binary), "photo" (binary)\n  Choose one with --image-column NAME.\n',
    );
    assert.deepEqual(await readdir(folder), ['photos.parquet']);
  });
});
