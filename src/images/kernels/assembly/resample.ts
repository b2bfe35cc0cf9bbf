// Pillow's resampling (Resample.c), bit for bit: fixed-point weights, each pass rounded and clamped to 8 bits.

const PRECISION_BITS: i32 = 22; // 32, minus 8 of the pixel and 2 of headroom for weights outside 0..1
const HALF: i32 = 1 << (PRECISION_BITS - 1);

/** Packs four sums of weighted bytes into four bytes, in the lowest 32 bits. */
function toBytes(a: v128, b: v128, c: v128, d: v128): v128 {
  return i8x16.narrow_i16x8_u(
    i16x8.narrow_i32x4_s(i32x4.shr_s(a, PRECISION_BITS), i32x4.shr_s(b, PRECISION_BITS)),
    i16x8.narrow_i32x4_s(i32x4.shr_s(c, PRECISION_BITS), i32x4.shr_s(d, PRECISION_BITS)),
  );
}

/**
 * Horizontal pass: resizes rows of RGB pixels to rows of `count` RGB pixels. Reads and writes up to 16 bytes beyond the stated
 * sizes.
 *
 * @param source u8 [rows, stride], stride in bytes
 * @param target u8 [rows, count, 3]
 * @param spans i32 [count, 2]: for each pixel, the byte offset of its first tap in a row, and the number of taps
 * @param weights i32, in 1 / 2^22: the taps of all pixels, one pixel after another
 */
export function resampleRows(
  source: usize,
  stride: usize,
  rows: i32,
  target: usize,
  count: i32,
  spans: usize,
  weights: usize,
): void {
  const half = i32x4.splat(HALF);
  for (let y = 0; y < rows; y++) {
    const row = source + <usize>y * stride;
    let span = spans;
    let weight = weights;
    for (let x = 0; x < count; x++) {
      let pixel = row + <usize>load<i32>(span);
      const end = weight + ((<usize>load<i32>(span, 4)) << 2);
      let sum = half;
      while (weight < end) {
        const rgb = i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(pixel)));
        sum = i32x4.add(sum, i32x4.mul(rgb, v128.load32_splat(weight)));
        pixel += 3;
        weight += 4;
      }
      v128.store32_lane(target, toBytes(sum, sum, sum, sum), 0);
      target += 3;
      span += 8;
    }
  }
}

/**
 * Vertical pass of one row. Reads and writes up to 16 bytes beyond the stated sizes.
 *
 * @param source u8 [taps, bytes], the rows under the taps
 * @param target u8 [bytes]
 * @param weights i32 [taps], in 1 / 2^22
 */
export function resampleRow(source: usize, bytes: i32, target: usize, weights: usize, taps: i32): void {
  const half = i32x4.splat(HALF);
  const end = weights + ((<usize>taps) << 2);
  for (let x = 0; x < bytes; x += 16) {
    let a = half;
    let b = half;
    let c = half;
    let d = half;
    let pixels = source + <usize>x;
    for (let at = weights; at < end; at += 4) {
      const weight = v128.load32_splat(at);
      const values = v128.load(pixels);
      const low = i16x8.extend_low_i8x16_u(values);
      const high = i16x8.extend_high_i8x16_u(values);
      a = i32x4.add(a, i32x4.mul(i32x4.extend_low_i16x8_u(low), weight));
      b = i32x4.add(b, i32x4.mul(i32x4.extend_high_i16x8_u(low), weight));
      c = i32x4.add(c, i32x4.mul(i32x4.extend_low_i16x8_u(high), weight));
      d = i32x4.add(d, i32x4.mul(i32x4.extend_high_i16x8_u(high), weight));
      pixels += <usize>bytes;
    }
    v128.store(target + <usize>x, toBytes(a, b, c, d));
  }
}
