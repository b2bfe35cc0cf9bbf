import type { Axis, Interpolation } from '../geometry.js';
import type { Raster } from '../raster.js';
import { kernels, layOut, memoryBytes } from './kernels.js';
import { type Span, spanOfRun, type Taps, tapsOf } from './taps.js';

/** The part of a resized image to compute, and the part of its source that is available. */
export interface Resampling {
  readonly source: Raster; // exactly the columns and rows that `horizontal` and `vertical` need
  readonly horizontal: Axis;
  readonly vertical: Axis;
  readonly interpolation: Interpolation;
}

const BLOCK_BYTES = 2 ** 24; // of weights and of rows between the two passes, held together
const SOURCE_BYTES = 2 ** 20; // of source rows copied together; they stay in a core's cache

/**
 * Resizes and crops as Pillow's `Image.resize` does, bit for bit: in two passes, each rounded to 8 bits.
 * https://github.com/python-pillow/Pillow/blob/main/src/libImaging/Resample.c
 *
 * @returns HWC RGB, 0..255: [vertical.count, horizontal.count, 3]
 */
export function resample({ source, horizontal, vertical, interpolation }: Resampling): Uint8Array {
  const result = new Uint8Array(vertical.count * horizontal.count * 3);
  const part = {
    raster: source,
    left: spanOfRun(horizontal, interpolation).start,
    top: spanOfRun(vertical, interpolation).start,
  };
  const { bytesBetween, compute } = passesOf(horizontal, vertical);
  const resampleBlock = (across: Axis, down: Axis): void => {
    const columns = length(spanOfRun(across, interpolation));
    const rows = length(spanOfRun(down, interpolation));
    const bytes = bytesBetween(across.count, columns, rows) + 4 * (tapCount(across) + tapCount(down));
    if (bytes > BLOCK_BYTES && down.count > 1) {
      for (const half of halves(down)) resampleBlock(across, half);
    } else if (bytes > BLOCK_BYTES && across.count > 1) {
      for (const half of halves(across)) resampleBlock(half, down);
    } else {
      const block = compute(part, tapsOf(across, interpolation), tapsOf(down, interpolation));
      for (let y = 0; y < down.count; y++) {
        const row = block.subarray(3 * y * across.count, 3 * (y + 1) * across.count);
        const [left, top] = [across.first - horizontal.first, down.first - vertical.first + y];
        result.set(row, 3 * (top * horizontal.count + left));
      }
    }
  };
  resampleBlock(horizontal, vertical);
  return result;
}

/** The available part of an image, and its position. */
interface Part {
  readonly raster: Raster;
  readonly left: number;
  readonly top: number;
}

/** The order of the two passes. */
interface Passes {
  /** Returns the bytes held between the passes, for a block. */
  readonly bytesBetween: (resizedColumns: number, columns: number, rows: number) => number;
  readonly compute: (part: Part, across: Taps, down: Taps) => Uint8Array;
}

const HORIZONTAL_FIRST: Passes = {
  bytesBetween: (resizedColumns, _, rows) => 3 * resizedColumns * rows,
  compute: horizontalFirst,
};

const VERTICAL_FIRST: Passes = {
  bytesBetween: (_, columns, rows) => 3 * columns * rows,
  compute: verticalFirst,
};

/** Chooses the order of the passes. Pillow's `Image.resize` shrinks a very tall image vertically first. */
function passesOf(horizontal: Axis, vertical: Axis): Passes {
  const isTall = vertical.source > 100 * horizontal.source && vertical.resized < vertical.source;
  return isTall ? VERTICAL_FIRST : HORIZONTAL_FIRST;
}

function halves(run: Axis): readonly [Axis, Axis] {
  const count = Math.ceil(run.count / 2);
  return [
    { ...run, count },
    { ...run, first: run.first + count, count: run.count - count },
  ];
}

const length = ({ start, end }: Span) => end - start;

/** Estimates the number of taps of a run, for the wider of the kernels. */
const tapCount = ({ count, source, resized }: Axis) => 4 * count * Math.max(1, source / resized);

function horizontalFirst(part: Part, across: Taps, down: Taps): Uint8Array {
  const [columns, rows] = [wholeSpan(across), wholeSpan(down)];
  const stride = 3 * length(columns); // bytes
  const rowBytes = 3 * across.spans.length; // of a resized row
  const atOnce = Math.min(length(rows), Math.max(1, Math.floor(SOURCE_BYTES / stride))); // source rows
  const at = layOut({
    source: atOnce * stride,
    between: length(rows) * rowBytes,
    result: down.spans.length * rowBytes,
    ...sizesOf(across, down),
  });
  writeTaps(at, across, down);
  for (let row = rows.start; row < rows.end; row += atOnce) {
    const some = { start: row, end: Math.min(row + atOnce, rows.end) };
    writeRows(at.source, part, columns, some);
    const target = at.between + (row - rows.start) * rowBytes;
    kernels.resampleRows(at.source, stride, length(some), target, across.spans.length, at.spans, at.across);
  }
  resampleDown(at.between, rowBytes, at.result, down, at.down);
  return memoryBytes().slice(at.result, at.result + down.spans.length * rowBytes);
}

function verticalFirst(part: Part, across: Taps, down: Taps): Uint8Array {
  const [columns, rows] = [wholeSpan(across), wholeSpan(down)];
  const stride = 3 * length(columns); // bytes
  const rowBytes = 3 * across.spans.length; // of a resized row
  const count = down.spans.length;
  const at = layOut({
    source: length(rows) * stride,
    between: count * stride,
    result: count * rowBytes,
    ...sizesOf(across, down),
  });
  writeTaps(at, across, down);
  writeRows(at.source, part, columns, rows);
  resampleDown(at.source, stride, at.between, down, at.down);
  kernels.resampleRows(at.between, stride, count, at.result, across.spans.length, at.spans, at.across);
  return memoryBytes().slice(at.result, at.result + count * rowBytes);
}

/** Vertical pass: resizes rows of `bytes` bytes at `source`; the first is under the first tap. */
function resampleDown(source: number, bytes: number, target: number, { spans }: Taps, weights: number): void {
  const top = spans[0]?.start ?? 0;
  let at = weights;
  for (const [y, span] of spans.entries()) {
    kernels.resampleRow(source + (span.start - top) * bytes, bytes, target + y * bytes, at, length(span));
    at += 4 * length(span);
  }
}

/** Copies the source pixels of a block into the kernels' memory, row by row. */
function writeRows(address: number, { raster, left, top }: Part, columns: Span, rows: Span): void {
  const memory = memoryBytes();
  const stride = 3 * length(columns);
  for (let row = rows.start; row < rows.end; row++) {
    const from = 3 * ((row - top) * raster.width + columns.start - left);
    memory.set(raster.data.subarray(from, from + stride), address + (row - rows.start) * stride);
  }
}

/** Returns the size in bytes of the taps in the kernels' memory. */
const sizesOf = (across: Taps, down: Taps) => ({
  spans: 8 * across.spans.length,
  across: across.weights.byteLength,
  down: down.weights.byteLength,
});

function writeTaps(
  at: Readonly<Record<'spans' | 'across' | 'down', number>>,
  across: Taps,
  down: Taps,
): void {
  const memory = memoryBytes();
  const { start: left } = wholeSpan(across);
  const spans = Int32Array.from(across.spans.flatMap(({ start, end }) => [3 * (start - left), end - start]));
  memory.set(new Uint8Array(spans.buffer), at.spans);
  memory.set(new Uint8Array(across.weights.buffer), at.across);
  memory.set(new Uint8Array(down.weights.buffer), at.down);
}

/** Returns the span of all pixels. The starts, and the ends, of spans are in ascending order. */
function wholeSpan({ spans }: Taps): Span {
  return { start: spans[0]?.start ?? 0, end: spans.at(-1)?.end ?? 0 };
}
