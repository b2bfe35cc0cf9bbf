import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeRandomCheckpoint } from '../../src/benchmark/random-checkpoint.js';
import { halonet } from '../support/cli.js';
import { readFloats } from '../support/read-npy.js';
import { relativeError } from '../support/relative-error.js';

const PHOTOS = 'fixtures/preprocess';
const BOUND = 1e-4; // relative, in the 2-norm

/** A row of the expected logits; see make_logits.py. */
interface Photo {
  readonly photo: string;
  readonly float32_error: number; // of timm's float32 compared with the expected float64
}

describe('classifying photos with a full-size network', () => {
  const photos: readonly Photo[] = JSON.parse(readFileSync(`${PHOTOS}/logits.json`, 'utf8'));
  const paths = photos.map(({ photo }) => `${PHOTOS}/${photo}`);
  let folder = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'halonet-photos-'));
    await writeRandomCheckpoint('halonet50ts.a1h_in1k', folder);
  });
  after(() => rm(folder, { recursive: true }));

  async function errorsOf(decode: string): Promise<readonly number[]> {
    const output = join(folder, `${decode}.npy`);
    const options = [
      '--model',
      folder,
      '--device',
      'cpu',
      '--scores',
      'logit',
      '--decode',
      decode,
      '--output',
      output,
    ];
    const { code, stderr } = await halonet(['classify', ...paths, ...options]);
    assert.equal(code, 0, stderr);
    const [actual, expected] = [await readFloats(output), await readFloats(`${PHOTOS}/logits.npy`)];
    assert.deepEqual(actual.shape, expected.shape);
    const [, classes = 0] = expected.shape;
    const rowOf = ({ data }: { readonly data: Float32Array }, i: number) =>
      data.subarray(i * classes, (i + 1) * classes);
    return photos.map((_, i) => relativeError(rowOf(actual, i), rowOf(expected, i)));
  }

  it("gives timm's logits", async () => {
    const errors = await errorsOf('exact');
    assert.ok(photos.length > 0);
    for (const [i, { photo, float32_error }] of photos.entries()) {
      const error = errors[i] ?? Number.NaN;
      assert.ok(error <= Math.max(BOUND, 2 * float32_error), `${photo}: ${error}`);
    }
  });

  it('exceeds the error bound for most photos with --decode near', async () => {
    const errors = await errorsOf('near');
    assert.ok(errors.filter((error) => error > BOUND).length > photos.length / 2, `${errors}`);
  });
});
