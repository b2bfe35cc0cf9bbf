import { ImageRefusal } from '../../refusal.js';
import type { Size } from '../geometry.js';
import { type Image, type OpenSettings, wholeOf } from '../image.js';
import { runInThread } from '../kernels/pixel-threads.js';
import { openRaster, readRgb } from '../libvips.js';
import { openWithLibvips } from '../libvips-image.js';
import type { Raster, Region } from '../raster.js';
import { refuseSize } from '../size-limit.js';
import { type Orientation, storedRegion, turnedSize, turnUpright } from '../upright.js';
import type { TiffFields } from './tiff-fields.js';
import type { TiffTiling } from './tiff-layout.js';
import { tiffOfStrips } from './tiff-strips.js';

const DEFLATE = 8;

const PIXELS_AT_ONCE = 2 ** 22;
const MAX_TILES = 2 ** 20; // 268 million pixels in tiles of 16 x 16, the smallest that TIFF allows
const MAX_EXPANSION = 8; // largest ratio of compressed to raw size of a tile, for an ill-suited codec
const MAX_TABLES = 4096; // bytes of the tables of a JPEG
const SMALLEST_LIMIT = 2 ** 24; // pixels of a tile, even if its image is smaller

/** The tiles of an image. */
interface Tiling extends TiffTiling {
  readonly across: number; // tiles
  readonly down: number;
}

/**
 * Opens a TIFF of tiles, or of ZSTD strips, which are treated as tiles as wide as the image. libvips fails on strips that it
 * cannot decode, but leaves such tiles black, so it gets the tiles as strips of an image one tile wide. As in Pillow, a missing or
 * damaged tile fails the image, wherever it is.
 *
 * @throws ImageRefusal truncated for tiles beyond the end of the file; unsupported_format, decode_failed or too_large
 */
export async function openTiles(
  bytes: Uint8Array,
  fields: TiffFields,
  layout: TiffTiling,
  { settings, orientation }: { readonly settings: OpenSettings; readonly orientation: Orientation },
): Promise<Image> {
  const { width, height, tile } = layout;
  const size = turnedSize(layout, orientation);
  refuseSize(layout, settings.maxPixels, size);
  refuseSize(tile, Math.max(SMALLEST_LIMIT, 2 * width * height));
  const tiling = { ...layout, across: Math.ceil(width / tile.width), down: Math.ceil(height / tile.height) };
  if (settings.failOn !== 'none') refuseTiles(bytes, fields, tiling, size);
  return {
    header: { ...size, format: 'TIFF', streamed: false },
    read: async (region) => {
      const stored = storedRegion(region, size, orientation);
      const raster = await readTiles(bytes, fields, tiling, { settings, region: stored });
      return orientation === 1 ? raster : readRgb(turnUpright(openRaster(raster), orientation));
    },
  };
}

/** Checks that the file holds all tiles. */
function refuseTiles(
  bytes: Uint8Array,
  fields: TiffFields,
  { across, down, planes, places }: Tiling,
  size: Size,
): void {
  const known = { width: size.width, height: size.height };
  const count = across * down * planes;
  if (count > MAX_TILES * planes) {
    const message = `TIFF of ${count} tiles is not supported; write it in tiles of 256 x 256`;
    throw new ImageRefusal('unsupported_format', message, known);
  }
  for (let i = 0; i < count; i++) {
    const [offset, length] = placeOf(fields, places, i);
    if (offset === undefined || length === undefined) {
      throw new ImageRefusal('decode_failed', `the TIFF has no place for tile ${i} of ${count}`, known);
    }
    if (offset + length > bytes.byteLength)
      throw new ImageRefusal('truncated', 'the TIFF file ends early', known);
    if (offset === 0 || length === 0) {
      const message = `TIFF without tile ${i} of ${count} (sparse) is not supported; write all of its tiles`;
      throw new ImageRefusal('unsupported_format', message, known);
    }
  }
}

function placeOf(
  fields: TiffFields,
  [offsets, byteCounts]: TiffTiling['places'],
  index: number,
): readonly [offset: number | undefined, length: number | undefined] {
  return [fields.numberAt(offsets, index), fields.numberAt(byteCounts, index)];
}

/** @param region of the stored image */
async function readTiles(
  bytes: Uint8Array,
  fields: TiffFields,
  tiling: Tiling,
  { settings, region }: { readonly settings: OpenSettings; readonly region: Region },
): Promise<Raster> {
  const { tile, across, down, isZstd } = tiling;
  const data = new Uint8Array(region.width * region.height * 3);
  const atOnce = Math.max(1, Math.floor(PIXELS_AT_ONCE / (tile.width * tile.height)));
  for (let first = 0; first < across * down; first += atOnce) {
    const count = Math.min(atOnce, across * down - first);
    const strips = stripsOf(bytes, fields, tiling, { first, count });
    const readable = isZstd ? await inflated(strips, tiling, { first, count }) : strips;
    const size = { width: tile.width, height: tile.height * count, rowsPerStrip: tile.height };
    const column = tiffOfStrips(fields, readable, size, isZstd ? DEFLATE : undefined);
    const pixels = await readColumn(column, settings);
    for (let i = 0; i < count; i++) {
      const left = ((first + i) % across) * tile.width;
      const top = Math.floor((first + i) / across) * tile.height;
      copyTile(pixels, i * tile.height, { left, top, ...tile }, { data, region });
    }
  }
  return { width: region.width, height: region.height, data };
}

/** Consecutive tiles that are read together. */
interface Run {
  readonly first: number;
  readonly count: number;
}

/** Returns the data of some tiles, one plane after another. */
function stripsOf(
  bytes: Uint8Array,
  fields: TiffFields,
  { tile, across, down, planes, places, rowBytes }: Tiling,
  { first, count }: Run,
): Uint8Array[] {
  // All tiles may claim the same bytes, up to the whole file.
  const most = MAX_EXPANSION * rowBytes * tile.height + MAX_TABLES;
  return Array.from({ length: count * planes }, (_, i) => {
    const [plane, inPlane] = [Math.floor(i / count), i % count];
    const [offset = 0, length = 0] = placeOf(fields, places, plane * across * down + first + inPlane);
    return bytes.subarray(offset, offset + Math.min(length, most));
  });
}

function inflated(
  strips: readonly Uint8Array[],
  { tile, across, rowBytes, height }: Tiling,
  { first, count }: Run,
): Promise<Uint8Array[]> {
  const length = rowBytes * tile.height;
  return Promise.all(
    strips.map((data, i) => {
      const top = Math.floor((first + (i % count)) / across) * tile.height;
      const least = rowBytes * Math.min(tile.height, height - top); // the last strip may be shorter
      return runInThread('zstdToDeflate', { data, length, least });
    }),
  );
}

async function readColumn(column: Uint8Array, settings: OpenSettings): Promise<Raster> {
  const image = await openWithLibvips(column, { ...settings, maxPixels: Infinity }, { orientation: () => 1 });
  return image.read(wholeOf(image.header));
}

/** Copies the part of a tile that lies in a region. The tile's rows begin at row `firstRow` of the column. */
function copyTile(
  column: Raster,
  firstRow: number,
  tile: Region,
  { data, region }: { readonly data: Uint8Array; readonly region: Region },
): void {
  const left = Math.max(tile.left, region.left);
  const right = Math.min(tile.left + tile.width, region.left + region.width);
  const bottom = Math.min(tile.top + tile.height, region.top + region.height);
  if (left >= right) return;
  for (let y = Math.max(tile.top, region.top); y < bottom; y++) {
    const from = 3 * ((firstRow + y - tile.top) * column.width + left - tile.left);
    const to = 3 * ((y - region.top) * region.width + left - region.left);
    data.set(column.data.subarray(from, from + 3 * (right - left)), to);
  }
}
