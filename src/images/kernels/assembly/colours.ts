/** Computes a · b / 255, rounded: Pillow's MULDIV255. */
function timesShare(a: i32, b: i32): i32 {
  const product = a * b + 128;
  return ((product >> 8) + product) >> 8;
}

/**
 * Converts CMYK to RGB in place, as Pillow's Convert.c does: each ink darkens what black leaves.
 *
 * @param pixels u8 [count, bytesPerPixel]; afterwards u8 [count, 3]
 * @param sampleBytes 1, or 2 (little-endian), of which the high byte counts
 */
export function cmykToRgb(pixels: usize, count: i32, bytesPerPixel: i32, sampleBytes: i32): void {
  let source = pixels + <usize>(sampleBytes - 1);
  let target = pixels;
  for (let i = 0; i < count; i++) {
    const cyan = <i32>load<u8>(source);
    const magenta = <i32>load<u8>(source + <usize>sampleBytes);
    const yellow = <i32>load<u8>(source + <usize>(2 * sampleBytes));
    const left = 255 - <i32>load<u8>(source + <usize>(3 * sampleBytes));
    store<u8>(target, left - timesShare(cyan, left));
    store<u8>(target + 1, left - timesShare(magenta, left));
    store<u8>(target + 2, left - timesShare(yellow, left));
    source += <usize>bytesPerPixel;
    target += 3;
  }
}

/**
 * Converts RGBA with premultiplied colours to RGB in place, in libyuv's fixed point (ARGBUnattenuateRow), as libavif does. Fully
 * transparent pixels become black.
 *
 * @param pixels u8 [count, 4]; afterwards u8 [count, 3]
 */
export function unpremultiply(pixels: usize, count: i32): void {
  let source = pixels;
  let target = pixels;
  for (let i = 0; i < count; i++) {
    const alpha = <i32>load<u8>(source, 3);
    // 256 / alpha in units of 1 / 256, in 16 bits; exact for opaque pixels.
    const inverse = alpha === 0 ? 0 : alpha === 1 ? 0xffff : alpha === 255 ? 256 : 0x10000 / alpha;
    for (let channel = 0; channel < 3; channel++) {
      const value = <u32>load<u8>(source + <usize>channel);
      store<u8>(target + <usize>channel, min((value * 0x0101 * <u32>inverse) >> 16, 255));
    }
    source += 4;
    target += 3;
  }
}
