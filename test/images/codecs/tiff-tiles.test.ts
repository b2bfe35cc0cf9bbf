import assert from 'node:assert/strict';
import { deflateSync } from 'node:zlib';
import sharp from 'sharp';
import type { Raster } from '../../../src/images/raster.js';
import {
  failureOf,
  HALONET,
  imageOf,
  photo,
  pixelsOf,
  rasterOf,
  temporaryFolder,
  texture,
  untouched,
} from '../support.js';
import { type TiffTag, tiffFile, tiffTags } from './tiff-file.js';

const [WIDTH, HEIGHT, TILE] = [150, 100, 64];

describe('tiled TIFF', () => {
  const folder = temporaryFolder();
  const SIZE = untouched(WIDTH, HEIGHT);
  const decoded = async (bytes: Uint8Array, settings = SIZE) =>
    Buffer.from(await pixelsOf(await folder.write('tiles.tif', bytes), settings));
  const failure = async (bytes: Uint8Array) => failureOf(await folder.write('tiles.tif', bytes), SIZE);

  it('decodes uncompressed, LZW, Deflate and PackBits tiles, in TIFF and BigTIFF', async () => {
    const image = imageOf(texture(WIDTH, HEIGHT));
    for (const bigtiff of [false, true]) {
      for (const compression of ['none', 'lzw', 'deflate', 'packbits'] as const) {
        const tiles = { tile: true, tileWidth: TILE, tileHeight: 32 };
        const bytes = await image
          .clone()
          .tiff({ compression, bigtiff, ...tiles })
          .toBuffer();
        assert.deepEqual(await decoded(bytes), Buffer.from(texture(WIDTH, HEIGHT).data), compression);
      }
    }
  });

  it('decodes JPEG tiles that share their tables', async () => {
    const bytes = await photo(WIDTH, HEIGHT)
      .tiff({ compression: 'jpeg', tile: true, tileWidth: TILE, tileHeight: TILE })
      .toBuffer();
    // libvips decodes undamaged tiles correctly.
    assert.deepEqual(await decoded(bytes), (await rasterOf(sharp(bytes))).data);
  });

  it('reads separate planes, which libvips does not, with 8 or 16 bits in both byte orders', async () => {
    const raster = texture(WIDTH, HEIGHT);
    for (const order of ['II', 'MM'] as const) {
      for (const bits of [8, 16]) {
        for (const planes of [1, 3]) {
          const bytes = tiledFile(raster, { order, bits, planes });
          assert.deepEqual(await decoded(bytes), Buffer.from(raster.data), `${order} ${bits} ${planes}`);
        }
      }
    }
  });

  it('crops and rotates the image as a whole', async () => {
    const upright = texture(HEIGHT, WIDTH);
    const stored = await rasterOf(imageOf(upright).rotate(270));
    const expected = await decoded(await imageOf(upright).png().toBuffer(), HALONET);
    assert.deepEqual(await decoded(tiledFile(stored, { more: [[274, [6], 3]] }), HALONET), expected);
  });

  it('fails on a damaged tile, wherever it is', async () => {
    const whole = tilesOf(texture(WIDTH, HEIGHT));
    for (let tile = 0; tile < whole.length; tile++) {
      const junk = whole.map((part, i) => (i === tile ? Buffer.alloc(part.byteLength, 0x2f) : part));
      const { code, message } = await failure(tiledFile(texture(WIDTH, HEIGHT), { parts: junk }));
      assert.deepEqual([code, message], ['decode_failed', 'the TIFF data is damaged'], `tile ${tile}`);
    }
  });

  it('fails on a tile that is beyond the end of the file or missing', async () => {
    const whole = tilesOf(texture(WIDTH, HEIGHT));
    const file = tiledFile(texture(WIDTH, HEIGHT), {});
    assert.equal((await failure(file.subarray(0, -1))).code, 'truncated');
    // GDAL writes such sparse files. Pillow's libtiff fails on them too, with an invalid byte count.
    const sparse = whole.map((part, i) => (i === 1 ? null : part));
    assert.deepEqual(await failure(tiledFile(texture(WIDTH, HEIGHT), { parts: sparse })), {
      code: 'unsupported_format',
      message: 'TIFF without tile 1 of 6 (sparse) is not supported; write all of its tiles',
    });
    const fewer = tiledFile(texture(WIDTH, HEIGHT), { parts: whole.slice(0, -1) });
    assert.equal((await failure(fewer)).code, 'decode_failed');
  });

  it('decodes 100,000 tiles', async () => {
    const tile = Buffer.alloc(16 * 16, 0x5a);
    const [width, height] = [400 * 16, 250 * 16];
    const bytes = tiffFile({
      tags: [
        ...tiffTags({ width, height, samples: 1, photometric: 1 }),
        ...([
          [322, [16]],
          [323, [16]],
        ] as TiffTag[]),
      ],
      offsets: 324,
      parts: Array<Buffer>(100_000).fill(tile),
    });
    assert.ok((await decoded(bytes, HALONET)).every((value) => value === 0x5a));
  });

  it('decodes thousands of tiles that all claim the same 8 MiB', async () => {
    const bytes = tiffFile({
      tags: [
        ...tiffTags({ width: 1024, height: 1024, samples: 1, photometric: 1 }),
        ...([
          [322, [16]],
          [323, [16]],
        ] as TiffTag[]),
      ],
      offsets: 324,
      parts: Array<Buffer>(4096).fill(Buffer.alloc(2 ** 23, 0x5a)), // 32 GiB in all
    });
    assert.ok((await decoded(bytes, HALONET)).every((value) => value === 0x5a));
  });

  it('keeps the readable tiles of a sparse file with --fail-on none', async () => {
    const settings = { ...SIZE, failOn: 'none' } as const;
    const raster = texture(WIDTH, HEIGHT);
    const sparse = tilesOf(raster).map((part, i) => (i === 1 ? null : part));
    const pixels = await decoded(tiledFile(raster, { parts: sparse }), settings);
    assert.deepEqual(pixels.subarray(0, 3 * TILE), Buffer.from(raster.data.subarray(0, 3 * TILE)));
  });

  it('rejects a tile that claims billions of pixels', async () => {
    const bytes = tiffFile({
      tags: [
        ...tiffTags({ width: 8, height: 8 }),
        ...([
          [322, [65_536]],
          [323, [65_536]],
        ] as TiffTag[]),
      ],
      offsets: 324,
      parts: [Buffer.alloc(192)],
    });
    assert.equal((await failure(bytes)).code, 'too_large');
  });
});

interface Tiled {
  readonly order?: 'II' | 'MM';
  readonly bits?: number;
  readonly planes?: number;
  readonly more?: readonly TiffTag[];
  readonly parts?: readonly (Uint8Array | null)[];
}

/** An RGB image in tiles compressed with Deflate. */
function tiledFile(raster: Raster, { order = 'II', bits = 8, planes = 1, more = [], parts }: Tiled): Buffer {
  const { width, height } = raster;
  const layout: TiffTag[] = [
    [284, [planes === 1 ? 1 : 2], 3],
    [322, [TILE]],
    [323, [TILE]],
  ];
  return tiffFile({
    order,
    tags: [...tiffTags({ width, height, bits, compression: 8 }), ...layout, ...more],
    offsets: 324,
    parts: parts ?? tilesOf(raster, { order, bits, planes }),
  });
}

function tilesOf(
  raster: Raster,
  { order = 'II', bits = 8, planes = 1 }: Pick<Tiled, 'order' | 'bits' | 'planes'> = {},
): Buffer[] {
  const tiles: Buffer[] = [];
  for (let plane = 0; plane < planes; plane++) {
    for (let top = 0; top < raster.height; top += TILE) {
      for (let left = 0; left < raster.width; left += TILE) {
        const samples = samplesOf(raster, left, top, planes === 1 ? [0, 1, 2] : [plane]);
        tiles.push(deflateSync(bits === 8 ? samples : widened(samples, order)));
      }
    }
  }
  return tiles;
}

/** The samples of a tile, with zeros beyond the image. */
function samplesOf({ data, width, height }: Raster, left: number, top: number, channels: number[]): Buffer {
  const tile = Buffer.alloc(TILE * TILE * channels.length);
  for (let y = 0; y < Math.min(TILE, height - top); y++) {
    for (let x = 0; x < Math.min(TILE, width - left); x++) {
      for (const [i, channel] of channels.entries()) {
        const sample = data[((top + y) * width + left + x) * 3 + channel] ?? 0;
        tile[(y * TILE + x) * channels.length + i] = sample;
      }
    }
  }
  return tile;
}

/** Widens samples to 16 bits, with a low byte of 0x7f. */
function widened(samples: Buffer, order: 'II' | 'MM'): Buffer {
  return Buffer.from([...samples].flatMap((sample) => (order === 'II' ? [0x7f, sample] : [sample, 0x7f])));
}
