import type { Axis, Interpolation } from '../geometry.js';
import type { Raster } from '../raster.js';
import { kernels, layOut, memoryBytes } from './kernels.js';
import { type Span, spanOfRun, type Taps, tapsOf } from './taps.js';

/** What to compute of a resized image, and what is there of its source. */
export interface Resampling {
  readonly source: Raster; // the columns and rows that `horizontal` and `vertical` are made of, no more
  readonly horizontal: Axis;
  readonly vertical: Axis;
  readonly interpolation: Interpolation;
}

const BLOCK_BYTES = 2 ** 24; // of weights and of rows between the two passes, held at once
const SOURCE_BYTES = 2 ** 20; // of source rows, copied at once: they stay in a core's cache

/**
 * Pillow's `Image.resize` of a crop, bit for bit: a horizontal pass, rounded to 8 bits, then a vertical one.
 * https://github.com/python-pillow/Pillow/blob/main/src/libImaging/Resample.c
 *
 * @returns HWC RGB, 0..255: [vertical.count, horizontal.count, 3]
 */
export function resample({ source, horizontal, vertical, interpolation }: Resampling): Uint8Array {
  const result = new Uint8Array(vertical.count * horizontal.count * 3);
  const origin = {
    left: spanOfRun(horizontal, interpolation).start,
    top: spanOfRun(vertical, interpolation).start,
  };
  const halves = (run: Axis): readonly [Axis, Axis] => {
    const count = Math.ceil(run.count / 2);
    return [
      { ...run, count },
      { ...run, first: run.first + count, count: run.count - count },
    ];
  };
  const compute = (across: Axis, down: Axis): void => {
    const between = 3 * across.count * length(spanOfRun(down, interpolation));
    const bytes = between + 4 * (tapCount(across) + tapCount(down));
    if (bytes > BLOCK_BYTES && down.count > 1) {
      for (const half of halves(down)) compute(across, half);
    } else if (bytes > BLOCK_BYTES && across.count > 1) {
      for (const half of halves(across)) compute(half, down);
    } else {
      const block = resampleBlock(source, origin, tapsOf(across, interpolation), tapsOf(down, interpolation));
      const at = { x: across.first - horizontal.first, y: down.first - vertical.first };
      for (let y = 0; y < down.count; y++) {
        const row = block.subarray(3 * y * across.count, 3 * (y + 1) * across.count);
        result.set(row, 3 * ((at.y + y) * horizontal.count + at.x));
      }
    }
  };
  compute(horizontal, vertical);
  return result;
}

const length = ({ start, end }: Span) => end - start;

/** About as many taps as a run has, for the wider of the kernels. */
const tapCount = ({ count, source, resized }: Axis) => 4 * count * Math.max(1, source / resized);

function resampleBlock(
  { data, width }: Raster,
  { left, top }: { readonly left: number; readonly top: number },
  across: Taps,
  down: Taps,
): Uint8Array {
  const columns = wholeSpan(across);
  const rows = wholeSpan(down);
  const stride = 3 * length(columns); // bytes
  const rowBytes = 3 * across.spans.length; // of a row between the passes
  const atOnce = Math.min(length(rows), Math.max(1, Math.floor(SOURCE_BYTES / stride))); // source rows
  const at = layOut({
    source: atOnce * stride,
    between: length(rows) * rowBytes,
    result: down.spans.length * rowBytes,
    spans: 8 * across.spans.length,
    across: across.weights.byteLength,
    down: down.weights.byteLength,
  });
  const memory = memoryBytes();
  const spans = across.spans.flatMap(({ start, end }) => [3 * (start - columns.start), end - start]);
  for (const [address, values] of [
    [at.spans, Int32Array.from(spans)],
    [at.across, across.weights],
    [at.down, down.weights],
  ] as const) {
    memory.set(new Uint8Array(values.buffer), address);
  }
  for (let row = rows.start; row < rows.end; row += atOnce) {
    const count = Math.min(atOnce, rows.end - row);
    for (let y = 0; y < count; y++) {
      const from = 3 * ((row + y - top) * width + columns.start - left);
      memory.set(data.subarray(from, from + stride), at.source + y * stride);
    }
    const target = at.between + (row - rows.start) * rowBytes;
    kernels.resampleRows(at.source, stride, count, target, across.spans.length, at.spans, at.across);
  }
  let weights = at.down;
  for (const [y, span] of down.spans.entries()) {
    const under = at.between + (span.start - rows.start) * rowBytes;
    kernels.resampleRow(under, rowBytes, at.result + y * rowBytes, weights, length(span));
    weights += 4 * length(span);
  }
  return memory.slice(at.result, at.result + down.spans.length * rowBytes);
}

/** Spans begin, and end, in the order of their pixels. */
function wholeSpan({ spans }: Taps): Span {
  return { start: spans[0]?.start ?? 0, end: spans.at(-1)?.end ?? 0 };
}
