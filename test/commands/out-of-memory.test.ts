import assert from 'node:assert/strict';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CliResult, halonet, ROOT } from '../support/cli.js';

// Few threads: each has address space of its own.
const ENV = { UV_THREADPOOL_SIZE: '2', MALLOC_ARENA_MAX: '2' };
const IMAGES = 'fixtures/images/shapes'; // 11
const ARGS = ['--model', 'demo', '--device', 'cpu', '--threads', '1', '--decoders', '1', '--format', 'csv'];

/** Runs the command line with no more address space than so many kB. */
function embed(kilobytes: number | 'unlimited', ...flags: string[]): Promise<CliResult> {
  return halonet(['embed', ...ARGS, ...flags], {
    env: ENV,
    shell: `ulimit -v ${kilobytes} && exec "$@"`,
    limit: 100, // seconds, of which ten are usual; a run that halves its batches for ever has no end
  });
}

// At 1024 pixels the demo model takes some 240 MB an image, above the 2 GB of address space that Node and its libraries do.
describe('where memory is short', () => {
  before(function () {
    if (process.platform !== 'linux') this.skip(); // no limit of a process's memory elsewhere
  });

  it('batches are halved, with every row in its place', async () => {
    const plenty = await embed('unlimited', IMAGES, '--image-size', '1024', '--batch-size', '1');
    assert.equal(plenty.code, 0, plenty.stderr);
    const short = await embed(3_000_000, IMAGES, '--image-size', '1024', '--batch-size', '8');
    assert.equal(short.code, 0, short.stderr);
    assert.match(
      short.stderr,
      /^no memory for a batch of 8: going on with 4\n(.*going on with \d\n)*11 images in [^\n]*\n$/,
    );
    assert.equal(short.stdout, plenty.stdout);
  });

  it('a single image that does not fit is an error that says so', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'halonet-memory-'));
    try {
      await cp(join(ROOT, IMAGES, 'ring.svg'), join(folder, 'ring.svg'));
      const { code, stdout, stderr } = await embed(3_000_000, folder, '--image-size', '4096');
      assert.equal(code, 2);
      assert.match(stderr, /^error: there is no memory to run one image: .*\n {2}.*--image-size/);
      assert.equal(stdout, '');
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
