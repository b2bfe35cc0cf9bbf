const MOST_CODES = 4096;
const MOST_BITS = 12; // per code

/** Reads the code of this many bits that begins at a bit. Reads up to 4 bytes beyond it. */
function codeAt(data: usize, bit: u32, size: i32): i32 {
  return <i32>(load<u32>(data + <usize>(bit >> 3)) >> (bit & 7)) & ((1 << size) - 1);
}

/**
 * Counts the pixels in the compressed data of a GIF frame, up to the end code or the last whole code, without decoding them.
 * https://www.w3.org/Graphics/GIF/spec-gif89a.txt, appendix F
 *
 * @param data u8 [length], without the lengths of its blocks
 * @param literalBits the initial code size of the frame
 * @param lengths i32 [4096], working memory, overwritten: the number of pixels of each code
 * @returns -1 if a code is undefined
 */
export function countLzwPixels(data: usize, length: u32, literalBits: i32, lengths: usize): f64 {
  const clear = 1 << literalBits;
  const end = clear + 1;
  for (let code = 0; code < MOST_CODES; code++) store<i32>(lengths + ((<usize>code) << 2), 1);
  let next = end + 1;
  let size = literalBits + 1;
  let before = 0; // pixels of the previous code; 0 after a clear code
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
    before = load<i32>(lengths + ((<usize>code) << 2)); // may be the code just added
    count += before;
  }
  return count;
}
