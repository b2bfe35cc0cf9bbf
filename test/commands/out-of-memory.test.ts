import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type CliResult, halonet } from '../support/cli.js';
import { relativeError } from '../support/relative-error.js';
import { sampleImages } from '../support/samples.js';

// Few threads: each has address space of its own.
const ENV = { UV_THREADPOOL_SIZE: '2', MALLOC_ARENA_MAX: '2' };
const ARGS = ['--model', 'demo', '--device', 'cpu', '--threads', '1', '--decoders', '1', '--format', 'csv'];

/** Runs the command line with no more address space than so many kB. */
function embed(kilobytes: number | 'unlimited', ...flags: string[]): Promise<CliResult> {
  return halonet(['embed', ...ARGS, ...flags], {
    env: ENV,
    shell: `ulimit -v ${kilobytes} && exec "$@"`,
    limit: 100, // seconds, of which ten are usual; a run that halves its batches for ever has no end
  });
}

/** By path, in the order of the rows. Batches of other sizes may round otherwise. */
function embeddings({ stdout }: CliResult): ReadonlyMap<string, readonly number[]> {
  const rows = stdout.trimEnd().split('\n').slice(1);
  return new Map(
    rows.map((row) => {
      const [path = '', ...cells] = row.split(',');
      return [path, cells.slice(0, -1).map(Number)]; // the last one is of an error
    }),
  );
}

// At 896 pixels the demo model takes some 180 MB an image, above the 2 GB of address space that Node and its libraries do.
describe('where memory is short', () => {
  before(function () {
    if (process.platform !== 'linux') this.skip(); // no limit of a process's memory elsewhere
  });

  const samples = sampleImages();

  it('batches are halved, with every row in its place', async () => {
    const eight = ['textures', 'shapes/arrow.png', 'shapes/crescent.jpg', 'shapes/star.webp'];
    const args = [...eight.map((path) => join(samples.all, path)), '--image-size', '896'];
    const plenty = await embed('unlimited', ...args, '--batch-size', '1');
    assert.equal(plenty.code, 0, plenty.stderr);
    const short = await embed(3_000_000, ...args, '--batch-size', '8');
    assert.equal(short.code, 0, short.stderr);
    assert.match(
      short.stderr,
      /^out of memory for a batch of 8: continuing with 4\n(.*continuing with \d\n)*8 images in [^\n]*\n$/,
    );
    const [rows, expected] = [embeddings(short), embeddings(plenty)];
    assert.deepEqual([...rows.keys()], [...expected.keys()]);
    assert.equal(rows.size, 8);
    for (const [path, values] of rows)
      assert.ok(relativeError(values, expected.get(path) ?? []) < 1e-5, path);
  });

  it('a single image that does not fit is an error that says so', async () => {
    const ring = join(samples.shapes, 'ring.png');
    const { code, stdout, stderr } = await embed(3_000_000, ring, '--image-size', '3072');
    assert.equal(code, 2);
    assert.match(stderr, /^error: there is not enough memory to run one image: .*\n {2}.*--image-size/);
    assert.equal(stdout, '');
  });
});
