import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type CliResult, halonet } from '../support/cli.js';
import { relativeError } from '../support/relative-error.js';
import { sampleImages } from '../support/samples.js';

// Few threads, because each takes address space.
const ENV = { UV_THREADPOOL_SIZE: '2', MALLOC_ARENA_MAX: '2' };
const ARGS = [
  '--model',
  'demo',
  '--device',
  'cpu',
  '--progress',
  'none',
  '--threads',
  '1',
  '--decoders',
  '1',
  '--format',
  'csv',
];

/** Runs the command line with limited address space. */
function embed(kilobytes: number | 'unlimited', ...flags: string[]): Promise<CliResult> {
  return halonet(['embed', ...ARGS, ...flags], {
    env: ENV,
    shell: `ulimit -v ${kilobytes} && exec "$@"`,
    limit: 100, // seconds: ten are usual, and a run that halves its batches forever never ends
  });
}

/** Embeddings by path, in row order. Batches of other sizes may round differently. */
function embeddings({ stdout }: CliResult): ReadonlyMap<string, readonly number[]> {
  const rows = stdout.trimEnd().split('\n').slice(1);
  return new Map(
    rows.map((row) => {
      const [path = '', ...cells] = row.split(',');
      return [path, cells.slice(0, -1).map(Number)]; // the last one is the error
    }),
  );
}

// At 896 pixels, the demo model takes about 180 MB per image, on top of 2 GB of address space for Node and libraries.
describe('when memory is short', () => {
  before(function () {
    if (process.platform !== 'linux') this.skip(); // other systems cannot limit the memory of a process
  });

  const samples = sampleImages();

  it('halves batches and keeps every row in place', async () => {
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

  it('reports that a single image does not fit', async () => {
    const ring = join(samples.shapes, 'ring.png');
    const { code, stdout, stderr } = await embed(3_000_000, ring, '--image-size', '3072');
    assert.equal(code, 2);
    assert.match(stderr, /^error: there is not enough memory to run one image: .*\n {2}.*--image-size/);
    assert.equal(stdout, '');
  });
});
