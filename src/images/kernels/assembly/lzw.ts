const MOST_CODES = 4096;
const MOST_BITS = 12; // of a code

/** The code of so many bits that begins at a bit. It reads up to 4 bytes beyond. */
function codeAt(data: usize, bit: u32, size: i32): i32 {
  return <i32>(load<u32>(data + <usize>(bit >> 3)) >> (bit & 7)) & ((1 << size) - 1);
}

/**
 * How many pixels the compressed data of a GIF's frame give: those of its codes up to the code that ends them, or to the last whole
 * one. Nothing is decoded. https://www.w3.org/Graphics/GIF/spec-gif89a.txt, appendix F
 *
 * @param data u8 [length], without the lengths of its blocks
 * @param literalBits the code size that the frame begins with
 * @param lengths i32 [4096], of which what was there is overwritten: the pixels of each code
 * @returns -1 where a code stands for nothing
 */
export function countLzwPixels(data: usize, length: u32, literalBits: i32, lengths: usize): f64 {
  const clear = 1 << literalBits;
  const end = clear + 1;
  for (let code = 0; code < MOST_CODES; code++) store<i32>(lengths + ((<usize>code) << 2), 1);
  let next = end + 1;
  let size = literalBits + 1;
  let before = 0; // pixels of the code before; 0 after a clear code
  let count: f64 = 0;
  for (let bit: u32 = 0; bit + <u32>size <= 8 * length; ) {
    const code = codeAt(data, bit, size);
    bit += <u32>size;
    if (code === end) break;
    if (code === clear) {
      next = end + 1;
      size = literalBits + 1;
      before = 0;
      continue;
    }
    if (code > (before > 0 ? next : clear)) return -1;
    if (before > 0 && next < MOST_CODES) {
      store<i32>(lengths + ((<usize>next) << 2), before + 1);
      next++;
      if (next === 1 << size) size = min(size + 1, MOST_BITS);
    }
    before = load<i32>(lengths + ((<usize>code) << 2)); // of the code that was just added too
    count += before;
  }
  return count;
}
