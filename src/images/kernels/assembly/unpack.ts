// Unpack rows of pixels to RGB. A row of RGB is written from `target` on; `step` is 3, or -3 if the row is mirrored and `target`
// is its last pixel.

/**
 * Unpacks palette indices, from the highest bits of a byte down.
 *
 * @param source u8 [ceil(count * bits / 8)]
 * @param bits of an index: 1, 2, 4 or 8
 * @param palette u8 [2^bits, 3]
 */
export function unpackIndices(
  source: usize,
  count: i32,
  bits: i32,
  palette: usize,
  target: usize,
  step: i32,
): void {
  const mask = (1 << bits) - 1;
  for (let x = 0, bit = 0; x < count; x++, bit += bits) {
    const byte = <i32>load<u8>(source + <usize>(bit >> 3));
    const colour = palette + <usize>(3 * ((byte >> (8 - bits - (bit & 7))) & mask));
    store<u8>(target, load<u8>(colour));
    store<u8>(target, load<u8>(colour, 1), 1);
    store<u8>(target, load<u8>(colour, 2), 2);
    target += step;
  }
}

/**
 * Unpacks pixels of whole bytes, three of which are the colour.
 *
 * @param source u8 [count, bytesPerPixel]
 * @param red byte offset in a pixel; likewise green and blue
 */
export function unpackBytes(
  source: usize,
  count: i32,
  bytesPerPixel: i32,
  red: i32,
  green: i32,
  blue: i32,
  target: usize,
  step: i32,
): void {
  for (let x = 0; x < count; x++) {
    store<u8>(target, load<u8>(source + <usize>red));
    store<u8>(target, load<u8>(source + <usize>green), 1);
    store<u8>(target, load<u8>(source + <usize>blue), 2);
    source += bytesPerPixel;
    target += step;
  }
}

/**
 * Unpacks 16-bit little-endian pixels: blue in the lowest 5 bits, then green, then 5 bits of red. Scales as Pillow's Unpack.c does,
 * rounding down.
 *
 * @param source u16 [count]
 * @param greenBits 5 or 6
 */
export function unpackWords(source: usize, count: i32, greenBits: i32, target: usize, step: i32): void {
  const most = (1 << greenBits) - 1;
  for (let x = 0; x < count; x++) {
    const pixel = <i32>load<u16>(source);
    store<u8>(target, (((pixel >> (5 + greenBits)) & 31) * 255) / 31);
    store<u8>(target, (((pixel >> 5) & most) * 255) / most, 1);
    store<u8>(target, ((pixel & 31) * 255) / 31, 2);
    source += 2;
    target += step;
  }
}

/**
 * Maps samples to bytes with a table.
 *
 * @param source u8, or big-endian u16, [count]
 * @param sampleBytes 1 or 2
 * @param table u8 [2^(8 * sampleBytes)]
 * @param copies how often each sample is written: 3 turns grey into RGB
 * @param target u8 [count, copies]
 */
export function unpackSamples(
  source: usize,
  count: i32,
  sampleBytes: i32,
  table: usize,
  copies: i32,
  target: usize,
): void {
  for (let i = 0; i < count; i++) {
    const value = sampleBytes === 1 ? <i32>load<u8>(source) : <i32>bswap<u16>(load<u16>(source));
    const byte = load<u8>(table + <usize>value);
    for (let copy = 0; copy < copies; copy++) store<u8>(target++, byte);
    source += sampleBytes;
  }
}
