import { COMPLETE, OWN, report } from './code-state';

const MOST_ZEROS: i32 = 256; // bytes: larger gaps are skipped; for smaller ones, ending the part is not worth it

/** Returns index `i` of a run or of literals; a byte holds two indices of 4 bits. */
function indexIn(byte: i32, i: i32, bits: i32): i32 {
  return bits === 8 ? byte : (i & 1) === 0 ? byte >> 4 : byte & 15;
}

function writeRun(to: usize, count: i32, value: i32, bits: i32): void {
  for (let i = 0; i < count; i++) store<u8>(to + <usize>i, indexIn(value, i, bits));
}

function writeLiterals(to: usize, count: i32, from: usize, bits: i32): void {
  for (let i = 0; i < count; i++) {
    const byte = <i32>load<u8>(from + <usize>(bits === 8 ? i : i >> 1));
    store<u8>(to + <usize>i, indexIn(byte, i, bits));
  }
}

/** Returns the length of literals, aligned to 16 bits. */
function literalBytes(count: i32, bits: i32): usize {
  return ((bits === 8 ? count : (count + 1) >> 1) + 1) & ~1;
}

/**
 * Decodes RLE8 and RLE4 of BMP to one index per byte, row after row.
 * https://learn.microsoft.com/en-us/windows/win32/gdi/bitmap-compression
 *
 * @param bits of an index: 8 or 4
 * @param state its own: i32 x, the next pixel of the row
 */
export function bmpRuns(
  source: usize,
  end: usize,
  target: usize,
  targetEnd: usize,
  state: usize,
  bits: i32,
  width: i32,
): void {
  let at = source;
  let to = target;
  let x = load<i32>(state, OWN);
  let skipped = 0;
  let ending = 0;
  while (at < end && to < targetEnd && ending === 0) {
    const count = <i32>load<u8>(at);
    const value = <i32>load<u8>(at, 1);
    at += 2;
    if (count > 0 || value > 2) {
      const kept = min(count > 0 ? count : value, width - x); // drops pixels beyond the end of the row
      if (count > 0) writeRun(to, kept, value, bits);
      else writeLiterals(to, kept, at, bits);
      to += kept;
      x += kept;
      if (count === 0) at += literalBytes(value, bits);
    } else if (value === 0) {
      skipped = width - x;
      x = 0;
    } else if (value === 1) {
      ending = COMPLETE;
    } else {
      const right = <i32>load<u8>(at);
      const rows = <i64>load<u8>(at, 1);
      skipped = <i32>min<i64>(right + rows * <i64>width, i32.MAX_VALUE); // no image has more pixels
      x = (x + right) % width;
      at += 2;
    }
    if (skipped > MOST_ZEROS) break;
    memory.fill(to, 0, skipped);
    to += skipped;
    skipped = 0;
  }
  store<i32>(state, x, OWN);
  report(state, at - source, to - target, skipped, ending);
}

/** Decodes the packets of TGA. https://www.dca.fee.unicamp.br/~martino/disciplinas/ia369/trabalhos/t4g3/TGA.pdf */
export function tgaRuns(
  source: usize,
  end: usize,
  target: usize,
  targetEnd: usize,
  state: usize,
  bytesPerPixel: i32,
): void {
  let at = source;
  let to = target;
  while (at < end && to < targetEnd) {
    const head = <i32>load<u8>(at++);
    const bytes = ((head & 127) + 1) * bytesPerPixel;
    const repeats = (head & 128) !== 0;
    for (let i = 0; i < bytes; i++) {
      store<u8>(to++, load<u8>(at + <usize>(repeats ? i % bytesPerPixel : i)));
    }
    at += repeats ? bytesPerPixel : bytes;
  }
  report(state, at - source, to - target, 0, 0);
}
