import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import sharp, { type Sharp } from 'sharp';
import { DECODABLE_EXTENSIONS } from '../../src/images/extensions.js';
import { bmpOf, icon, iconBitmap, pngIconOf } from './codecs/bitmaps.js';
import { qoiOf } from './codecs/qoi-file.js';
import { tgaOf } from './codecs/tga-file.js';
import { pillowTransform } from './pillow.js';
import {
  HALONET,
  imageFile,
  imageOf,
  meanDifference,
  photo,
  pixelsOf,
  rasterOf,
  temporaryFolder,
  texture,
  untouched,
} from './support.js';
import { tiff } from './tiff.js';

describe('decodeImage', () => {
  const folder = temporaryFolder();
  const SIZE = untouched(48, 32);

  it('decodes every extension that a folder is searched for', async () => {
    const image = photo(48, 32);
    const svg =
      '<svg xmlns="http://www.w3.org/2000/svg" width="48" height="32"><rect width="9" height="9"/></svg>';
    const encoders: Readonly<Record<string, () => Promise<Buffer>>> = {
      jpg: () => image.clone().jpeg().toBuffer(),
      png: () => image.clone().png().toBuffer(),
      webp: () => image.clone().webp().toBuffer(),
      gif: () => image.clone().gif().toBuffer(),
      tif: () => image.clone().tiff().toBuffer(),
      avif: () => image.clone().avif({ effort: 0 }).toBuffer(),
      svg: async () => Buffer.from(svg),
      svgz: async () => gzipSync(svg),
      bmp: async () => bmpOf(await rasterOf(image)),
      ico: async () => pngIconOf(await rasterOf(image)),
      cur: async () => icon('CUR', [{ width: 48, height: 48, bits: 32, bytes: iconBitmap(48, [1, 2, 3]) }]),
      pnm: async () => Buffer.concat([Buffer.from('P6 48 32 255 '), (await rasterOf(image)).data]),
      qoi: async () => qoiOf(await rasterOf(image)),
      tga: async () => tgaOf(await rasterOf(image)),
      jp2: () => readFile('fixtures/codecs/rgb.jp2'),
      j2k: () => readFile('fixtures/codecs/rgb.j2k'),
      heic: () => readFile('fixtures/codecs/photo.heic'),
    };
    const aliases: Readonly<Record<string, string>> = {
      jpeg: 'jpg',
      jpe: 'jpg',
      jfif: 'jpg',
      apng: 'png',
      tiff: 'tif',
      jpf: 'jp2',
      jpx: 'jp2',
      j2c: 'j2k',
      jpc: 'j2k',
      heif: 'heic',
      hif: 'heic',
      dib: 'bmp',
      pbm: 'pnm',
      pgm: 'pnm',
      ppm: 'pnm',
    };
    const formatOf = (extension: string) => aliases[extension.slice(1)] ?? extension.slice(1);
    const formats = [...DECODABLE_EXTENSIONS].map(formatOf);
    assert.deepEqual(new Set(formats), new Set(Object.keys(encoders)));
    for (const extension of DECODABLE_EXTENSIONS) {
      const encode = encoders[formatOf(extension)];
      assert.ok(encode, `an encoder for ${extension}`);
      await pixelsOf(await folder.write(`every${extension}`, await encode()), SIZE);
    }
  });

  it('drops alpha before resizing instead of weighting colours by it', async () => {
    const opaque = texture(600, 400);
    const alpha = Buffer.from(Array.from({ length: 600 * 400 }, (_, i) => (i % 600 < 300 ? 0 : i % 256)));
    const path = await folder.write(
      'alpha.png',
      await imageOf(opaque)
        .joinChannel(alpha, { raw: { width: 600, height: 400, channels: 1 } })
        .png()
        .toBuffer(),
    );
    assert.equal((await imageFile(path).metadata()).hasAlpha, true);
    const without = await folder.write('opaque.png', await imageOf(opaque).png().toBuffer());
    assert.deepEqual(await pixelsOf(path, HALONET), await pixelsOf(without, HALONET));
  });

  it('ignores an embedded colour profile', async () => {
    const plain = await photo(300, 280).jpeg({ quality: 95 }).toBuffer();
    const profiled = await sharp(plain).withIccProfile('p3').png().toBuffer();
    const stored = await rasterOf(sharp(profiled, { ignoreIcc: true }));
    const managed = await rasterOf(sharp(profiled));
    assert.ok(meanDifference(stored.data, managed.data) > 1, 'the profile would change the pixels');
    const path = await folder.write('p3.png', profiled);
    assert.deepEqual(Buffer.from(await pixelsOf(path, untouched(300, 280))), stored.data);
  });

  for (const [kind, size] of [
    ['reduced', 280],
    ['enlarged', 90],
  ] as const) {
    it(`turns an image upright for each EXIF orientation, ${kind}`, async () => {
      const upright = await rasterOf(photo(300, size));
      // How a camera stores an upright scene: the inverse of the turn that a viewer makes.
      const stored: Readonly<Record<number, (image: Sharp) => Sharp>> = {
        1: (image) => image,
        2: (image) => image.flop(),
        3: (image) => image.rotate(180),
        4: (image) => image.flip(),
        5: (image) => image.flip().rotate(90),
        6: (image) => image.rotate(270),
        7: (image) => image.flop().rotate(90),
        8: (image) => image.rotate(90),
      };
      const settings = { ...HALONET, cropPct: 1, autoOrient: true };
      const expected = pillowTransform(upright, settings);
      for (const [orientation, store] of Object.entries(stored)) {
        const bytes = await store(imageOf(upright))
          .withMetadata({ orientation: Number(orientation) })
          .png()
          .toBuffer();
        const path = await folder.write(`orientation-${kind}-${orientation}.png`, bytes);
        assert.deepEqual(Buffer.from(await pixelsOf(path, settings)), Buffer.from(expected), orientation);
        const difference = meanDifference(await pixelsOf(path, { ...settings, decode: 'near' }), expected);
        assert.ok(
          difference <= (kind === 'reduced' ? 0.5 : 0.15),
          `near, orientation ${orientation}: ${difference}`,
        );
        const asStored = await pixelsOf(path, { ...settings, autoOrient: false });
        if (orientation !== '1') assert.ok(meanDifference(asStored, expected) > 2, 'not turned unless asked');
      }
    });
  }

  it('crops an EXIF-rotated image as if it were stored upright, even at a half-pixel offset', async () => {
    const upright = texture(257, 280);
    const settings = { ...untouched(256, 256), cropMode: 'center', autoOrient: true } as const;
    const bytes = await imageOf(upright).rotate(270).withMetadata({ orientation: 6 }).png().toBuffer();
    const path = await folder.write('odd.png', bytes);
    const expected = pillowTransform(upright, settings);
    assert.deepEqual(Buffer.from(await pixelsOf(path, settings)), Buffer.from(expected));
    assert.ok(meanDifference(await pixelsOf(path, { ...settings, decode: 'near' }), expected) < 0.5);
  });

  it('converts grey, 1-bit, palette and 16-bit images to three 8-bit channels', async () => {
    const image = photo(48, 32);
    const grey = await image.clone().greyscale().png().toBuffer();
    const bits = await image.clone().threshold().toColourspace('b-w').tiff({ bitdepth: 1 }).toBuffer();
    const palette = await image.clone().png({ palette: true, colours: 16 }).toBuffer();
    const deep = await image.clone().toColourspace('rgb16').png().toBuffer();
    const depths = [];
    for (const [name, bytes] of Object.entries({ grey, bits, palette, deep })) {
      const { depth, bitsPerSample } = await sharp(bytes).metadata();
      depths.push([name, depth, bitsPerSample]);
      const pixels = await pixelsOf(await folder.write(name, bytes), SIZE);
      const expected = await rasterOf(name === 'deep' ? image.clone() : sharp(bytes));
      assert.deepEqual(Buffer.from(pixels), expected.data, name);
    }
    assert.deepEqual(depths, [
      ['grey', 'uchar', 8],
      ['bits', 'uchar', 1],
      ['palette', 'uchar', 4],
      ['deep', 'ushort', 16],
    ]);
  });

  it('keeps the high byte of 16-bit grey, where Pillow would clip it to white', async () => {
    const bytes = tiff({ width: 2, height: 1, bits: 16, samples: Uint16Array.of(0x8123, 0x01ff) });
    const pixels = await pixelsOf(await folder.write('grey16.tif', bytes), untouched(2, 1));
    assert.deepEqual([...pixels], [0x81, 0x81, 0x81, 1, 1, 1]);
  });

  it("converts CMYK by Pillow's formula", async () => {
    // Cyan 255; yellow 103 under black 55: 200 - 103 * 200 / 255 = 119.2; all four.
    const inks = Uint8Array.of(255, 0, 0, 0, 0, 0, 103, 55, 255, 255, 255, 255);
    const bytes = tiff({ width: 3, height: 1, bits: 8, samples: inks, channels: 4, photometric: 5 });
    assert.equal((await sharp(bytes).metadata()).space, 'cmyk');
    const pixels = await pixelsOf(await folder.write('cmyk.tif', bytes), untouched(3, 1));
    assert.deepEqual([...pixels], [0, 255, 255, 200, 200, 119, 0, 0, 0]);
  });

  it('reads the first frame of an animation', async () => {
    const frames = [texture(48, 32), { ...texture(48, 32), data: new Uint8Array(48 * 32 * 3) }];
    const pages = await Promise.all(frames.map((frame) => imageOf(frame).png().toBuffer()));
    const animation = await sharp(pages, { join: { animated: true } })
      .webp({ lossless: true })
      .toBuffer();
    assert.equal((await sharp(animation).metadata()).pages, 2);
    const path = await folder.write('two.webp', animation);
    assert.deepEqual(Buffer.from(await pixelsOf(path, SIZE)), Buffer.from(frames[0]?.data ?? []));
    const gif = await folder.write('two.gif', await sharp(animation, { animated: true }).gif().toBuffer());
    const first = await rasterOf(imageFile(gif));
    assert.deepEqual(Buffer.from(await pixelsOf(gif, SIZE)), first.data);
  });

  it('draws SVG on white', async () => {
    const svg =
      '<svg xmlns="http://www.w3.org/2000/svg" width="4" height="1"><rect width="2" height="1" fill="#f00"/></svg>';
    const pixels = await pixelsOf(await folder.write('half.svg', svg), untouched(4, 1));
    assert.deepEqual([...pixels], [255, 0, 0, 255, 0, 0, 255, 255, 255, 255, 255, 255]);
  });

  it('reads a file whose name libvips would parse for options', async () => {
    const path = await folder.write('photo[page=3]', await photo(48, 32).png().toBuffer());
    await pixelsOf(path, SIZE);
  });
});

describe('decodeImage on extreme shapes', () => {
  const folder = temporaryFolder();

  for (const [width, height] of [
    [101, 3000],
    [400, 2],
    [1, 150],
    [180, 150],
  ] as const) {
    it(`matches Pillow's full resize at ${width} x ${height}`, async () => {
      const raster = texture(width, height);
      const path = await folder.write(`${width}.png`, await imageOf(raster).png().toBuffer());
      const expected = pillowTransform(raster, HALONET);
      assert.deepEqual(Buffer.from(await pixelsOf(path, HALONET)), Buffer.from(expected));
      const difference = meanDifference(await pixelsOf(path, { ...HALONET, decode: 'near' }), expected);
      assert.ok(difference <= 0.2, `near: ${difference}`);
    });
  }

  it('reduces one axis and enlarges the other', async () => {
    const raster = await rasterOf(photo(300, 60));
    const path = await folder.write('wide.png', await imageOf(raster).png().toBuffer());
    for (const settings of [
      { ...HALONET, cropMode: 'squash' },
      { ...HALONET, cropMode: 'squash', cropPct: 0.7 },
    ] as const) {
      const expected = pillowTransform(raster, settings);
      assert.deepEqual(Buffer.from(await pixelsOf(path, settings)), Buffer.from(expected));
      const difference = meanDifference(await pixelsOf(path, { ...settings, decode: 'near' }), expected);
      assert.ok(difference < 0.5, `near: ${difference}`);
    }
  });

  it('resizes a very tall image vertically first if it becomes shorter, as Pillow does', async () => {
    const raster = texture(3, 1151);
    const path = await folder.write('tall.png', await imageOf(raster).png().toBuffer());
    const settings = { ...HALONET, cropMode: 'squash' } as const;
    const expected = pillowTransform(raster, settings);
    assert.deepEqual(Buffer.from(await pixelsOf(path, settings)), Buffer.from(expected));
  });

  it('resizes images that are too large for one block', async () => {
    for (const [width, height] of [
      [1_200_000, 3],
      [3, 2_000_000],
    ] as const) {
      const raster = texture(width, height);
      const path = await folder.write('line.png', await imageOf(raster).png().toBuffer());
      const settings = { ...HALONET, cropMode: 'squash', height: 32, width: 32 } as const;
      const expected = pillowTransform(raster, settings);
      assert.deepEqual(Buffer.from(await pixelsOf(path, settings)), Buffer.from(expected));
    }
  });

  it('decodes a line of 8000 x 2, which would take 888 MB if enlarged in full', async () => {
    // 1,088,000 x 272 after the resize.
    const path = await folder.write('line.png', await imageOf(texture(8000, 2)).png().toBuffer());
    await pixelsOf(path, HALONET);
    await pixelsOf(path, { ...HALONET, cropMode: 'border' });
  });

  it('surrounds an image in border mode with the fill colour', async () => {
    const settings = { ...untouched(8, 8), cropMode: 'border', fill: [1, 2, 3] } as const;
    const expected = [false, false, true, true, true, true, false, false];
    for (const [name, width, height] of [
      ['wide', 40, 20],
      ['tall', 20, 40],
    ] as const) {
      const white = sharp({ create: { width, height, channels: 3, background: '#fff' } });
      const pixels = await pixelsOf(
        await folder.write(`${name}.png`, await white.png().toBuffer()),
        settings,
      );
      for (let i = 0; i < 64; i++) {
        const inside = expected[name === 'wide' ? Math.floor(i / 8) : i % 8];
        assert.deepEqual([...pixels.subarray(i * 3, i * 3 + 3)], inside ? [255, 255, 255] : [1, 2, 3]);
      }
    }
  });
});

describe('a JPEG that libvips reduces by a large factor', () => {
  const folder = temporaryFolder();

  // libjpeg decodes these at a quarter or half of their size, which must come out even, or the image shifts.
  for (const [width, height] of [
    [296, 296],
    [299, 299],
    [300, 298],
    [298, 300],
    [151, 150],
  ] as const) {
    it(`stays close to Pillow at ${width} x ${height}`, async () => {
      const bytes = await photo(width, height).jpeg({ quality: 90 }).toBuffer();
      const raster = await rasterOf(sharp(bytes));
      for (const size of [32, 36]) {
        const settings = { ...HALONET, height: size, width: size, cropPct: 1, decode: 'near' } as const;
        const pixels = await pixelsOf(await folder.write('large.jpg', bytes), settings);
        const difference = meanDifference(pixels, pillowTransform(raster, settings));
        assert.ok(difference <= 0.8, `to ${size}: ${difference}`);
      }
    });
  }
});
