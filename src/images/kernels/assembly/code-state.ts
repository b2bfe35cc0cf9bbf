// Kernels that decode compressed pixels work in parts: each reads codes that begin before `end` and may extend 516 bytes beyond
// it, until it has written up to `targetEnd`, or at most 512 bytes beyond. Its state holds its progress:
//
//   i32 consumed: bytes read
//   i32 produced: bytes written
//   i32 skipped: bytes after those, which stay unchanged
//   i32 ending: 0, COMPLETE or INVALID
//   and its own variables from `OWN` on, 0 at the start of an image

export const COMPLETE: i32 = 1; // the data mark their end here
export const INVALID: i32 = 2;
export const OWN: usize = 16;

/** Stores the progress of a kernel. */
export function report(state: usize, consumed: usize, produced: usize, skipped: i32, ending: i32): void {
  store<i32>(state, <i32>consumed);
  store<i32>(state, <i32>produced, 4);
  store<i32>(state, skipped, 8);
  store<i32>(state, ending, 12);
}
