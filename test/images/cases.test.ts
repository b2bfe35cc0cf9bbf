import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { FileItem } from '../../src/file-item.js';
import type { DecodedImage } from '../../src/images/decode.js';
import { type Decoder, openDecoder } from '../../src/images/decoder.js';
import type { Decode } from '../../src/images/geometry.js';
import { HALONET, imageFile, meanDifference, rasterOf } from './support.js';

const CASES = 'fixtures/cases';

/** A row of expected.json. */
interface Case {
  readonly file: string;
  readonly kind: string;
  readonly status: 'ok' | 'failed';
  readonly expected?: string; // image with Pillow's pixels, if ok
  readonly max_mean_abs_diff?: number; // of 255
  readonly code?: string; // if it fails
}

// All others decode to Pillow's pixels, within EQUAL.
const DECODED_OTHERWISE: ReadonlySet<string> = new Set([
  // libheif returns rounded RGB, from which halonet recovers chroma to interpolate it as libavif does.
  'in/avif-8-420.avif',
  'in/avif-10-420.avif',
  'in/avif-12-444.avif',
  'in/avif-mif1.avif',
  'in/avif-premultiplied.avif',
  'in/avif-sequence.avif',
]);
const EQUAL = 0.005; // mean difference, of 255

// These may be rejected as unsupported.
const MAY_BE_REFUSED: ReadonlySet<string> = new Set(['in/lab.tif', 'in/grey12.tif']);

describe('images from public bug reports', () => {
  const { cases }: { readonly cases: readonly Case[] } = JSON.parse(
    readFileSync(`${CASES}/expected.json`, 'utf8'),
  );
  let decoder: Decoder;
  afterEach(() => decoder.close());

  async function decoded({ file, code }: Case, decode: Decode): Promise<DecodedImage> {
    const timeout = code === 'timeout' ? 3 : 60;
    decoder = openDecoder({ ...HALONET, autoOrient: true, decode }, { timeout });
    const image = await decoder.decode(new FileItem(`${CASES}/${file}`));
    await decoder.close();
    return image;
  }

  for (const each of cases) {
    const { file, kind, status, code } = each;
    const refusal = MAY_BE_REFUSED.has(file) ? 'unsupported_format' : code;

    it(`${kind}: ${file} gives ${refusal ?? "Pillow's pixels"}`, async () => {
      const image = await decoded(each, 'exact');
      if (image.status === 'failed') {
        assert.equal(image.failure.code, refusal, image.failure.message);
        return;
      }
      assert.equal(status, 'ok', 'it has pixels');
      const { data } = await rasterOf(imageFile(`${CASES}/${each.expected}`));
      const difference = meanDifference(image.pixels, data);
      const bound = DECODED_OTHERWISE.has(file) ? each.max_mean_abs_diff : EQUAL;
      assert.ok(difference <= (bound ?? 0), `${difference} of 255`);
      for (const decode of ['near', 'fast'] as const)
        assert.equal((await decoded(each, decode)).status, 'ok');
    });
  }
});
