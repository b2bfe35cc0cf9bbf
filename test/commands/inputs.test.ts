import assert from 'node:assert/strict';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CliResult, halonet, ROOT } from '../support/cli.js';

const DEMO = ['-m', 'demo', '--device', 'cpu'];
const IMAGE = join(ROOT, 'fixtures/images/shapes/arrow.png');

describe('inputs', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'halonet-inputs-'));
    for (const name of ['photos', 'empty', 'notes']) await mkdir(join(folder, name));
    await copyFile(IMAGE, join(folder, 'photos', 'a.png'));
    await writeFile(join(folder, 'notes', 'list.txt'), 'x');
    await writeFile(join(folder, 'notes', 'README'), 'BM25 is no bitmap');
  });
  afterEach(() => rm(folder, { recursive: true }));

  const here = (args: readonly string[], stdin?: string): Promise<CliResult> =>
    halonet([...args, ...DEMO], { cwd: folder, ...(stdin !== undefined && { stdin }) });

  /** Asserts that a command is refused before it writes anything, in every mode. */
  async function refused(inputs: readonly string[], message: RegExp): Promise<void> {
    const before = await readdir(folder);
    for (const mode of [[], ['--resume'], ['--sync'], ['--overwrite'], ['--dry-run']]) {
      const { code, stdout, stderr } = await here(['embed', ...inputs, '-o', 'x.npy', ...mode]);
      assert.deepEqual([code, stdout], [2, ''], stderr);
      assert.match(stderr, message);
    }
    assert.deepEqual(await readdir(folder), before);
  }

  it('rejects a mistyped path, and runs the corrected command', async () => {
    await refused(['photso'], /^error: no file or folder "photso"\n {2}Did you mean photos\?\n$/);
    await refused(['photos', 'photos/b.png'], /^error: no file or folder "photos\/b\.png"\n/);
    assert.equal((await here(['embed', 'photos', '-o', 'x.npy'])).code, 0);
  });

  it('rejects addresses of other protocols, compressed archives and damaged ones', async () => {
    await refused(['ftp://example.org/cat.jpg'], /^error: ftp:.* is an address of ftp, .*\n {2}Use an http/);
    await writeFile(join(folder, 'photos.tgz'), '\x1f\x8b', 'latin1');
    await refused(
      ['photos', 'photos.tgz'],
      /^error: photos\.tgz is not a tar archive compressed with gzip: the gzip data ends early\n {2}Check the file/,
    );
    await writeFile(join(folder, 'photos.gz'), '\x1f\x8b', 'latin1');
    await refused(
      ['photos.gz'],
      /^error: photos\.gz is a gzip archive; expected .*\.tar\.gz.*\n {2}Rename it to end in \.tar\.gz if .*\(gunzip\)/,
    );
    await writeFile(join(folder, 'photos.tar.bz2'), 'BZh91');
    await refused(
      ['photos.tar.bz2'],
      /^error: photos\.tar\.bz2 is a bzip2 archive; .*\n {2}Decompress it first \(bunzip2\)/,
    );
    await writeFile(join(folder, 'photos.zip'), 'PK\x03\x04');
    await refused(
      ['photos', 'photos.zip'],
      /^error: photos\.zip is not a zip archive: .*\n {2}Check the file/,
    );
  });

  it('rejects folders without images, and reports what is there instead', async () => {
    await refused(['empty'], /^error: no image in empty\n {2}.*--allow-empty/);
    await refused(
      ['empty', 'notes'],
      /^error: no image in empty, notes \(skipped 2 files without a supported image extension: 1 without any, 1 \.txt\)\n/,
    );
  });

  it('suggests --from for a list, and naming the archives of a folder', async () => {
    await writeFile(join(folder, 'list.csv'), 'path\nphotos/a.png\n');
    await refused(
      ['list.csv'],
      /^error: list\.csv is a list, not an image\n {2}Pass it with --from list\.csv\.\n$/,
    );
    await writeFile(join(folder, 'empty', 'a.tar'), '');
    await refused(
      ['empty'],
      /^error: no image in empty \(skipped 1 file .*\n {2}Archives .* "FOLDER\/\*\.tar"\.\n$/,
    );
    await refused(['photos.zip/a.png'], /^error: no image in photos\.zip\/a\.png \(.*\n {2}Check the inputs/);
  });

  it('names the patterns that leave no image, and shows one of the paths', async () => {
    await refused(
      ['photos', '--include', '*.jpg', '--exclude', 'x/**', '--limit', '1'],
      /^error: --include "\*\.jpg" --exclude "x\/\*\*" leaves no image of photos\n {2}.*such as photos\/a\.png,/,
    );
    await refused(['empty', '--exclude', 'x'], /^error: no image in empty\n/);
    await refused(
      ['photos', '--limit', '0'],
      /^error: --limit: expected a whole number, at least 1; received 0\n/,
    );
  });

  it('accepts a folder without images with --allow-empty, and an empty list', async () => {
    for (const [name, args, stdin] of [
      ['a.csv', ['empty', '--allow-empty'], undefined],
      ['b.csv', ['-'], ''],
    ] as const) {
      const { code, stderr } = await here(['classify', ...args, '-o', name], stdin);
      assert.deepEqual([code, stderr], [0, 'no images\n']);
      assert.equal((await readFile(join(folder, name), 'utf8')).split('\n').length, 2); // the header
    }
  });

  it('writes a row for each entry of a list, whatever is wrong with it', async () => {
    await writeFile(join(folder, 'photos.zip'), 'PK\x03\x04');
    const list = ['photos', 'photso', 'ftp://example.org/cat.jpg', 'photos.zip'].join('\n');
    const { code, stdout } = await here(['classify', '-', '-f', 'jsonl', '-k', '1'], list);
    assert.equal(code, 1);
    const rows = stdout.trimEnd().split('\n');
    assert.deepEqual(
      rows.map((row) => JSON.parse(row).error?.code),
      [undefined, 'not_found', 'invalid_name', 'read_failed'],
    );
  });

  it('reads images without an extension in a folder, and counts skipped files', async () => {
    await copyFile(IMAGE, join(folder, 'photos', 'IMG_0001'));
    for (const name of ['clip.MOV', 'b.mov', 'raw.cr2', 'README'])
      await writeFile(join(folder, 'photos', name), 'x');
    const skipped = '4 files without a supported image extension: 2 .mov, 1 without any, 1 .cr2';
    const plan = await here(['embed', 'photos', '-o', 'x.npy', '--dry-run']);
    assert.match(plan.stdout, /^images +2 found$/m);
    assert.ok(plan.stdout.includes(`skipped  ${skipped}\n`), plan.stdout);
    const run = await here(['embed', 'photos', '-o', 'x.npy']);
    assert.equal(run.code, 0);
    assert.match(run.stderr, /^2 images in /);
    assert.ok(run.stderr.endsWith(`\nskipped ${skipped}\n`), run.stderr);
    const index = await readFile(join(folder, 'x.index.csv'), 'utf8');
    assert.equal(index, 'row,path,error\n0,photos/IMG_0001,\n1,photos/a.png,\n');
    const counts = { '.mov': 2, '': 1, '.cr2': 1 };
    const manifest = async () => JSON.parse(await readFile(join(folder, 'x.npy.run.json'), 'utf8'));
    assert.deepEqual((await manifest()).skipped, counts);
    const again = await here(['embed', 'photos', '-o', 'x.npy', '--resume']);
    assert.match(again.stderr, /^nothing left to do.*\nskipped 4 files/);
    await writeFile(join(folder, 'photos', 'bad.png'), 'x');
    await writeFile(join(folder, 'photos', 'c.mov'), 'x');
    assert.match((await here(['embed', 'photos', '-o', 'x.npy', '--sync'])).stderr, /skipped 5 files/);
    assert.equal((await manifest()).skipped['.mov'], 3);
    await copyFile(IMAGE, join(folder, 'photos', 'bad.png'));
    const retried = await halonet(['retry', 'x.npy'], { cwd: folder });
    assert.equal(retried.code, 0, retried.stderr);
    assert.equal((await manifest()).skipped['.mov'], 3);
  });
});
