import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { halonet, ROOT } from '../support/cli.js';
import { JOB_CASES, type JobCase } from '../support/job-cases.js';
import { live, type Reference, reference } from '../support/lives.js';
import { fillWithImages } from '../support/mixed-images.js';
import { readOutputFiles, wrongAtTheEnd, wrongFinals } from '../support/output-files.js';
import { TIME_LIMIT } from '../support/time-limit.js';

const IMAGES = 64;
const MEGABYTES = 16; // more than any output here takes
const HALONET = [process.execPath, `${ROOT}bin/halonet.cjs`];

const [TEXT, MATRIX, FOLDER] = ['embeddings.csv', 'embeddings.npy', 'pyramid'].map((output) =>
  JOB_CASES.find((job) => job.outputs.join() === output),
) as [JobCase, JobCase, JobCase];

const FULL =
  /^error: .*: no space left on device\n {2}Free some space, or write to another disk\.\n {2}\d+ rows are saved; to continue, .*\n$/;
const LIMITED =
  /^error: .*: file too large\n {2}The file system or a limit \(ulimit -f\) refuses .*\n {2}\d+ rows are saved; to continue, .*\n$/;

const canMount = spawnSync('unshare', ['-Urm', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status === 0;

describe('running out of space', () => {
  let folder: string;
  let images: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'halonet-disk-'));
    images = join(folder, 'images');
    await fillWithImages(images, IMAGES, 1);
  });
  after(() => rm(folder, { recursive: true }));

  async function referenceOf(job: JobCase): Promise<{ readonly place: string; readonly whole: Reference }> {
    const place = await mkdtemp(join(folder, 'place-'));
    await mkdir(join(place, 'reference'));
    return { place, whole: await reference(job, [images], join(place, 'reference')) };
  }

  for (const job of [TEXT, MATRIX, FOLDER]) {
    it(`loses no rows of ${job.name} on a full disk`, async function () {
      if (!canMount) this.skip(); // no user namespaces here: the file size limit below stands in
      const { place, whole } = await referenceOf(job);
      const paths = join(place, 'paths');
      await writeFile(paths, `${(await pathsIn(images)).join('\n')}\n`);
      const script = join(ROOT, 'test/faults/fill-disk.sh');
      const args = [
        '-Urm',
        script,
        String(MEGABYTES),
        job.outputs.join(),
        paths,
        place,
        ...HALONET,
        ...job.args,
        '-',
      ];
      spawnSync('unshare', args, { stdio: 'inherit', ...TIME_LIMIT });
      const said = (name: string) => readFile(join(place, name), 'utf8');
      assert.match(await said('stderr'), FULL);
      assert.equal(await said('code'), '2\n');
      assert.equal(await said('resumed.code'), `${whole.code}\n`, await said('resumed.stderr'));
      const files = await readOutputFiles(join(place, 'files'));
      assert.equal(wrongAtTheEnd(files, whole.files).join('\n'), '');
    });
  }

  it('loses no rows to a file size limit', async () => {
    const { place, whole } = await referenceOf(TEXT);
    const own = join(place, 'limited');
    await mkdir(own);
    // Half the size of the output, or a quarter: shells count in units of 1024 or 512 bytes.
    const kilobytes = Math.floor((whole.files.finals.get(TEXT.outputs.join())?.byteLength ?? 0) / 2048);
    const { code, stderr } = await halonet([...TEXT.args, images], {
      cwd: own,
      shell: `ulimit -f ${kilobytes} && exec "$@"`,
    });
    assert.match(stderr, LIMITED);
    assert.equal(code, 2);
    assert.deepEqual(wrongFinals(await readOutputFiles(own), whole.files), []);
    const resumed = await live({ job: TEXT, inputs: [images], folder: own, mode: 'resume' });
    assert.equal(resumed.code, whole.code, resumed.stderr);
    assert.equal(wrongAtTheEnd(await readOutputFiles(own), whole.files).join('\n'), '');
  });
});

/** Lists paths in the order of the input walk: sorted within each folder, files and folders together. */
async function pathsIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const sorted = entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  const nested = sorted.map((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? pathsIn(path) : [path];
  });
  return (await Promise.all(nested)).flat();
}
