// Redoes libheif's conversion from YCbCr as libavif does it with libyuv, which is what Pillow shows.

const CUT: f64 = 1e-6; // weight of a clipped pixel
const LIMITED_BIAS: f64 = 0.4; // of 255: measured excess of the limited-range luma that libheif computes

/** Reads a sample in its own depth: libvips stores it in the high bits of 16. */
function sampleAt(address: usize, shift: i32): i32 {
  return shift < 0 ? <i32>load<u8>(address) : <i32>load<u16>(address) >> shift;
}

/** Interpolates a chroma sample as libyuv's ScaleRowUp2 does: nearer samples weigh three times as much. */
function between(plane: usize, wide: i32, high: i32, x: i32, y: i32, halvedX: i32, halvedY: i32): i32 {
  const column = x >> halvedX;
  const row = y >> halvedY;
  const other = halvedX ? min(max(column + (x & 1 ? 1 : -1), 0), wide - 1) : column;
  const near = plane + <usize>(row * wide);
  const a = <i32>load<u8>(near + <usize>column);
  if (!halvedX) return a;
  const b = <i32>load<u8>(near + <usize>other);
  if (!halvedY) return (3 * a + b + 2) >> 2;
  const far = plane + <usize>(min(max(row + (y & 1 ? 1 : -1), 0), high - 1) * wide);
  const c = <i32>load<u8>(far + <usize>column);
  const d = <i32>load<u8>(far + <usize>other);
  return (9 * a + 3 * b + 3 * c + d + 8) >> 4;
}

function toByte(value: i32): i32 {
  return min(max(value >> 6, 0), 255);
}

/** Computes an 8-bit chroma sample of a block from the mean over its pixels, in the range of their depth. */
function toChroma(mean: f64, depth: i32, limited: i32): u8 {
  const scale: f64 = limited ? 224.0 / 255 : 1;
  const sample = <i32>Math.floor(mean * scale + <f64>(1 << (depth - 1)) + 0.5);
  return <u8>(min(max(sample, 0), (1 << depth) - 1) >> (depth - 8)); // libavif cuts samples to 8 bits first
}

/**
 * First half of the conversion: recovers the chroma of a picture from its RGB; all pixels of a block share it. Pixels with clipped
 * samples do not reveal it, and count only in blocks that have no others.
 *
 * @param source u8, or u16 with the sample in the high bits [rows, width, channels]; it begins with a block's first row
 * @param shift bits below a u16's sample; -1 for u8
 * @param depth bits of a sample
 * @param halvedX 1 if a block is two pixels wide, else 0; likewise halvedY for its height
 * @param limited 1 if luma has 219 steps of 255, and chroma 224
 * @param matrix f64 [2], the shares of red and blue in luma
 * @param chroma u8 [2, rows / height of a block, width / width of a block], rounded up: blue, then red
 */
export function recoverChroma(
  source: usize,
  shift: i32,
  depth: i32,
  width: i32,
  rows: i32,
  channels: i32,
  halvedX: i32,
  halvedY: i32,
  limited: i32,
  matrix: usize,
  chroma: usize,
): void {
  const kr = load<f64>(matrix);
  const kb = load<f64>(matrix, 8);
  const top = (1 << depth) - 1;
  const size: usize = shift < 0 ? 1 : 2;
  const wide = (width + halvedX) >> halvedX;
  const high = (rows + halvedY) >> halvedY;
  for (let block = 0; block < wide * high; block++) {
    const left = (block % wide) << halvedX;
    const above = (block / wide) << halvedY;
    let blue: f64 = 0;
    let red: f64 = 0;
    let weights: f64 = 0;
    for (let i = 0; i < 1 << (halvedX + halvedY); i++) {
      const x = min(left + (i & halvedX), width - 1);
      const y = min(above + (i >> halvedX), rows - 1);
      const at = source + <usize>((y * width + x) * channels) * size;
      const r = sampleAt(at, shift);
      const g = sampleAt(at + size, shift);
      const b = sampleAt(at + 2 * size, shift);
      const luma = kr * r + (1 - kr - kb) * g + kb * b;
      const weight: f64 = min(min(r, g), b) > 0 && max(max(r, g), b) < top ? 1 : CUT;
      blue += (weight * (<f64>b - luma)) / (2 * (1 - kb));
      red += (weight * (<f64>r - luma)) / (2 * (1 - kr));
      weights += weight;
    }
    store<u8>(chroma + <usize>block, toChroma(blue / weights, depth, limited));
    store<u8>(chroma + <usize>(wide * high + block), toChroma(red / weights, depth, limited));
  }
}

/**
 * Second half: computes RGB from a picture's luma and its chroma, interpolated between blocks.
 *
 * @param source as for `recoverChroma`, like the other parameters with names used there
 * @param fixed i32 [6], libyuv's YG, YB, UB, UG, VG and VR
 * @param first of the rows to convert; `count` rows are written, and the rows around them are their neighbours
 * @param target u8 [count, width, channels]
 */
export function interpolateChroma(
  source: usize,
  shift: i32,
  depth: i32,
  width: i32,
  rows: i32,
  channels: i32,
  halvedX: i32,
  halvedY: i32,
  limited: i32,
  matrix: usize,
  chroma: usize,
  fixed: usize,
  first: i32,
  count: i32,
  target: usize,
): void {
  const kr = load<f64>(matrix);
  const kb = load<f64>(matrix, 8);
  const top = (1 << depth) - 1;
  const size: usize = shift < 0 ? 1 : 2;
  const wide = (width + halvedX) >> halvedX;
  const high = (rows + halvedY) >> halvedY;
  const scale: f64 = limited ? 219.0 / 255 : 1;
  const offset: f64 = limited ? (16 - LIMITED_BIAS) * <f64>(1 << (depth - 8)) : 0;
  for (let i = first * width; i < (first + count) * width; i++) {
    const x = i % width;
    const y = i / width;
    const at = source + <usize>(i * channels) * size;
    const r = sampleAt(at, shift);
    const g = sampleAt(at + size, shift);
    const b = sampleAt(at + 2 * size, shift);
    const luma = (kr * r + (1 - kr - kb) * g + kb * b) * scale + offset;
    const whole = min(max(<i32>Math.floor(luma + 0.5), 0), top) >> (depth - 8);
    const u = between(chroma, wide, high, x, y, halvedX, halvedY) - 128;
    const v = between(chroma + <usize>(wide * high), wide, high, x, y, halvedX, halvedY) - 128;
    const scaled = <i32>((<u32>(whole * 0x0101) * load<u32>(fixed)) >> 16) + load<i32>(fixed, 4);
    store<u8>(target, toByte(scaled + v * load<i32>(fixed, 20)));
    store<u8>(target + 1, toByte(scaled - u * load<i32>(fixed, 12) - v * load<i32>(fixed, 16)));
    store<u8>(target + 2, toByte(scaled + u * load<i32>(fixed, 8)));
    if (channels === 4) store<u8>(target + 3, (sampleAt(at + 3 * size, shift) * 255 + (top >> 1)) / top);
    target += <usize>channels;
  }
}
