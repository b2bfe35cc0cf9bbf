import type { Region } from '../raster.js';
import { kernels, layOut, memoryBytes } from './kernels.js';
import { bitsPerPixel, type Layout } from './layout.js';

/** Rows of pixels as stored in a file, and the region to unpack. */
export interface PackedRows {
  readonly data: Uint8Array; // from the first row of `region` on, in file order; missing rows are black
  readonly stride: number; // bytes from row to row
  readonly width: number; // pixels in a row
  readonly layout: Layout;
  readonly bottomUp: boolean; // the file begins with the last row of the image
  readonly mirrored: boolean; // rows begin with their last pixel
  readonly region: Region; // of the upright image
}

const PIXELS_AT_ONCE = 2 ** 16; // a multiple of the pixels in a byte; few enough to stay in a core's cache

/**
 * Unpacks a region of an image whose pixels are stored in rows.
 *
 * @returns HWC RGB, 0..255: [region.height, region.width, 3]
 */
export function unpack({ data, stride, width, layout, bottomUp, mirrored, region }: PackedRows): Uint8Array {
  const rgb = new Uint8Array(3 * region.width * region.height);
  const bits = bitsPerPixel(layout);
  const table = tableOf(layout);
  const at = layOut({
    table: table.byteLength,
    source: (PIXELS_AT_ONCE * bits) / 8,
    target: 3 * PIXELS_AT_ONCE,
  });
  const memory = memoryBytes();
  memory.set(table, at.table);
  const first = mirrored ? width - region.left - region.width : region.left; // in the row of the file
  const end = first + region.width;
  for (let y = 0; y < region.height; y++) {
    const row = 3 * region.width * (bottomUp ? region.height - 1 - y : y);
    for (let x = first - (first % 8); x < end; x += PIXELS_AT_ONCE) {
      const count = Math.min(PIXELS_AT_ONCE, end - x);
      const from = y * stride + (x * bits) / 8;
      const some = data.subarray(from, from + Math.ceil((count * bits) / 8));
      if (some.byteLength * 8 < count * bits) continue;
      memory.set(some, at.source);
      unpackRun(layout, at, count, mirrored);
      const before = Math.max(0, first - x); // pixels that only share a byte with those kept
      const kept = count - before;
      const column = mirrored ? end - x - count : x + before - first;
      const target = at.target + (mirrored ? 0 : 3 * before);
      rgb.set(memory.subarray(target, target + 3 * kept), row + 3 * column);
    }
  }
  return rgb;
}

function tableOf(layout: Layout): Uint8Array {
  if (layout.kind === 'indices') return layout.palette;
  return layout.kind === 'samples' ? layout.table : new Uint8Array();
}

function unpackRun(
  layout: Layout,
  { table, source, target }: Readonly<Record<'table' | 'source' | 'target', number>>,
  count: number,
  mirrored: boolean,
): void {
  const step = mirrored ? -3 : 3;
  const start = mirrored ? target + 3 * (count - 1) : target;
  switch (layout.kind) {
    case 'indices':
      kernels.unpackIndices(source, count, layout.bits, table, start, step);
      break;
    case 'bytes':
      kernels.unpackBytes(source, count, layout.bytesPerPixel, ...layout.rgb, start, step);
      break;
    case 'words':
      kernels.unpackWords(source, count, layout.greenBits, start, step);
      break;
    case 'samples': {
      const copies = layout.channels === 1 ? 3 : 1;
      kernels.unpackSamples(source, count * layout.channels, layout.sampleBytes, table, copies, target);
      break;
    }
  }
}
