import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../support/cli.js';
import { relativeError } from '../support/relative-error.js';

// Few threads: each has address space of its own.
const ENV = { ...process.env, UV_THREADPOOL_SIZE: '2', MALLOC_ARENA_MAX: '2' };
const IMAGES = 'fixtures/images/shapes'; // 11
const ARGS = ['--model', 'demo', '--device', 'cpu', '--threads', '1', '--decoders', '1', '--format', 'csv'];

/** Runs the command line with no more address space than so many kB. */
function embed(kilobytes: number | 'unlimited', ...flags: string[]) {
  const command = `ulimit -v ${kilobytes} && exec "$0" "$@"`;
  const args = [process.execPath, `${ROOT}bin/halonet.cjs`, 'embed', ...ARGS, ...flags];
  return spawnSync('sh', ['-c', command, ...args], { cwd: ROOT, env: ENV, encoding: 'utf8' });
}

/** The path and the numbers of each line of CSV; of the header, its text and a 1. */
function rowsOf(csv: string) {
  return csv
    .trimEnd()
    .split('\n')
    .map((line, i) => {
      const [path = '', ...cells] = line.split(',');
      return i === 0 ? { path: line, numbers: [1] } : { path, numbers: cells.slice(0, -1).map(Number) };
    });
}

// At 1024 pixels the demo model takes some 240 MB an image, above the 2 GB of address space that Node and its libraries do.
describe('where memory is short', () => {
  before(function () {
    if (process.platform !== 'linux') this.skip(); // no limit of a process's memory elsewhere
  });

  it('batches are halved, with every row in its place', () => {
    const plenty = embed('unlimited', IMAGES, '--image-size', '1024', '--batch-size', '1');
    assert.equal(plenty.status, 0, plenty.stderr);
    const short = embed(3_000_000, IMAGES, '--image-size', '1024', '--batch-size', '8');
    assert.equal(short.status, 0, short.stderr);
    assert.match(
      short.stderr,
      /^no memory for a batch of 8: going on with 4\n(.*going on with \d\n)*11 images in [^\n]*\n$/,
    );
    const [expected, actual] = [rowsOf(plenty.stdout), rowsOf(short.stdout)];
    assert.equal(actual.length, 12); // and a header
    assert.deepEqual(
      actual.map(({ path }) => path),
      expected.map(({ path }) => path),
    );
    // In batches of another size, CPUs may add in another order.
    for (const [i, { numbers }] of actual.entries())
      assert.ok(relativeError(numbers, expected[i]?.numbers ?? []) < 1e-5, `row ${i}`);
  });

  it('a single image that does not fit is an error that says so', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'halonet-memory-'));
    try {
      await cp(join(ROOT, IMAGES, 'ring.svg'), join(folder, 'ring.svg'));
      const { status, stdout, stderr } = embed(3_000_000, folder, '--image-size', '4096');
      assert.equal(status, 2);
      assert.match(stderr, /^error: there is no memory to run one image: .*\n {2}.*--image-size/);
      assert.equal(stdout, '');
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
