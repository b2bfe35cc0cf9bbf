import assert from 'node:assert/strict';
import sharp, { type Sharp } from 'sharp';
import type { Preprocessing } from '../../src/images/geometry.js';
import {
  failureOf,
  HALONET,
  imageFile,
  meanDifference,
  PHOTOS,
  pixelsOf,
  temporaryFolder,
} from './support.js';

type Encoder = (image: Sharp) => Sharp;

const JPEGS: Readonly<Record<string, Encoder>> = {
  'baseline JPEG': (image) => image.jpeg({ quality: 90 }),
  'progressive JPEG': (image) => image.jpeg({ quality: 90, progressive: true }),
  'JPEG 4:4:4': (image) => image.jpeg({ quality: 90, chromaSubsampling: '4:4:4' }),
  'grey JPEG': (image) => image.greyscale().jpeg({ quality: 90 }),
};
const webp: Encoder = (image) => image.webp({ quality: 90 });

// Limits for mean differences from near, out of 255. Measured on a photo with sharp edges: up to 2.7 for a JPEG, 3.5
// for a WebP, and 4.7 for a JPEG of a size that does not divide evenly. A shift by one pixel gives 10 or more.
const BOUND = { jpeg: 3.5, webp: 4.5, odd: 6 };

/** A photo with fine detail and sharp edges, 512 x 512, or a part of it. */
function detailed(width = 512, height = 512): Sharp {
  return imageFile(`${PHOTOS}/astronaut.jpg`).extract({ left: 0, top: 0, width, height });
}

function target(height: number, width = height): Preprocessing {
  return { ...HALONET, height, width, cropPct: 1, autoOrient: true };
}

describe('fast decoding', () => {
  const folder = temporaryFolder();

  /** Mean difference of fast from near, on a scale of 0 to 255. */
  async function difference(bytes: Uint8Array, settings: Preprocessing): Promise<number> {
    const path = await folder.write('image', bytes);
    const fast = await pixelsOf(path, { ...settings, decode: 'fast' });
    return meanDifference(fast, await pixelsOf(path, { ...settings, decode: 'near' }));
  }

  for (const [name, encode] of Object.entries({ ...JPEGS, WebP: webp })) {
    it(`matches near for reductions below a factor of two: ${name}`, async () => {
      const bytes = await encode(detailed()).toBuffer();
      for (const size of [600, 512, 400, 257]) assert.equal(await difference(bytes, target(size)), 0);
    });
  }

  for (const [name, encode] of Object.entries(JPEGS)) {
    it(`lets libjpeg reduce to a half, a quarter or an eighth: ${name}`, async () => {
      const bytes = await encode(detailed()).toBuffer();
      for (const size of [170, 140, 90, 56]) {
        const found = await difference(bytes, target(size));
        assert.ok(found > 0 && found <= BOUND.jpeg, `to ${size}: ${found}`);
      }
    });
  }

  it('lets libwebp do the whole reduction', async () => {
    const bytes = await webp(detailed()).toBuffer();
    for (const size of [256, 170, 90, 64, 32]) {
      const found = await difference(bytes, target(size));
      assert.ok(found > 0 && found <= BOUND.webp, `to ${size}: ${found}`);
    }
  });

  for (const [name, encode] of Object.entries({ ...JPEGS, WebP: webp })) {
    it(`keeps the geometry of sizes that do not divide evenly: ${name}`, async () => {
      for (const [width, height] of [
        [511, 509],
        [505, 512],
        [504, 350],
        [341, 507],
      ] as const) {
        const bytes = await encode(detailed(width, height)).toBuffer();
        for (const settings of [
          target(80),
          target(56),
          { ...target(40, 64), cropMode: 'border' },
          { ...target(60, 50), cropMode: 'squash' },
          { ...target(48), cropPct: 0.8 },
        ] as const) {
          const found = await difference(bytes, settings);
          assert.ok(found <= BOUND.odd, `${width} x ${height} to ${settings.width}: ${found}`);
        }
      }
    });
  }

  it('keeps the geometry for every EXIF orientation', async () => {
    for (const [width, height] of [
      [512, 384],
      [505, 381],
    ] as const) {
      for (let orientation = 1; orientation <= 8; orientation++) {
        const image = detailed(width, height).withMetadata({ orientation }).jpeg({ quality: 90 });
        const found = await difference(await image.toBuffer(), target(40));
        assert.ok(found > 0 && found <= BOUND.odd, `${width} x ${height}, ${orientation}: ${found}`);
      }
    }
  });

  it('matches near for CMYK and for images that decoders cannot shrink', async () => {
    const cmyk = await detailed().toColourspace('cmyk').jpeg().toBuffer();
    assert.equal((await sharp(cmyk).metadata()).space, 'cmyk');
    const transparent = await detailed().ensureAlpha(0.5).webp().toBuffer();
    const svg = Buffer.from(
      '<svg xmlns="http://www.w3.org/2000/svg" width="512" height="509"><rect width="99" height="77"/></svg>',
    );
    const png = await detailed().png().toBuffer();
    const tiff = await detailed().tiff({ pyramid: true, tile: true, compression: 'jpeg' }).toBuffer();
    for (const [name, bytes] of Object.entries({ cmyk, transparent, svg, png, tiff })) {
      assert.equal(await difference(bytes, target(56)), 0, name);
    }
  });

  it('reads the first frame of an animation', async () => {
    const black = sharp({ create: { width: 512, height: 512, channels: 3, background: '#000' } });
    const frames = await Promise.all([detailed(), black].map((frame) => frame.png().toBuffer()));
    // minSize drops the alpha channel, with which the image would be decoded in full.
    const bytes = await sharp(frames, { join: { animated: true } })
      .webp({ minSize: true })
      .toBuffer();
    assert.equal((await sharp(bytes).metadata()).pages, 2);
    const found = await difference(bytes, target(56));
    assert.ok(found > 0 && found <= BOUND.webp, `${found}`);
  });

  it('reports a file that ends early', async () => {
    for (const encode of [...Object.values(JPEGS), webp]) {
      const bytes = await encode(detailed()).toBuffer();
      const path = await folder.write('cut', bytes.subarray(0, bytes.length / 2));
      const failure = await failureOf(path, { ...target(56), decode: 'fast' });
      assert.equal(failure.code, 'truncated');
    }
  });
});
