// Kernels that decode compressed pixels do so a part at a time: each reads codes that begin before `end`, and whose bytes may lie
// up to 516 beyond it, until it has written up to `targetEnd`, or up to 512 bytes beyond. How far it came is in its state:
//
//   i32 consumed: bytes read
//   i32 produced: bytes written
//   i32 skipped: bytes behind those, which stay as they are
//   i32 ending: 0, COMPLETE or INVALID
//   and what it remembers, from `OWN` on; 0 at the start of an image

export const COMPLETE: i32 = 1; // the data say that they end here
export const INVALID: i32 = 2;
export const OWN: usize = 16;

/** Says how far a kernel came. */
export function report(state: usize, consumed: usize, produced: usize, skipped: i32, ending: i32): void {
  store<i32>(state, <i32>consumed);
  store<i32>(state, <i32>produced, 4);
  store<i32>(state, skipped, 8);
  store<i32>(state, ending, 12);
}
