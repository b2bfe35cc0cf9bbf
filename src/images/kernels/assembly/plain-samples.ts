import { INVALID, OWN, report } from './code-state';

// Plain PNM: https://netpbm.sourceforge.net/doc/ppm.html#plainppm and pbm.html. Comments may appear anywhere.

const MOST_DIGITS: i32 = 10; // Pillow's limit too
const COMMENT: i32 = 0x23; // #

function isSpace(character: i32): bool {
  return character === 0x20 || (character >= 0x09 && character <= 0x0d);
}

/** Returns whether a comment continues after a character. */
function inComment(before: bool, character: i32): bool {
  return before ? character !== 0x0a && character !== 0x0d : character === COMMENT;
}

/**
 * Reads the bits of a plain PBM, one digit each, into one byte each.
 *
 * @param state its own: i32, whether it is inside a comment
 */
export function plainBits(source: usize, end: usize, target: usize, targetEnd: usize, state: usize): void {
  let at = source;
  let to = target;
  let comment = load<i32>(state, OWN) !== 0;
  let ending = 0;
  while (at < end && to < targetEnd && ending === 0) {
    const character = <i32>load<u8>(at++);
    const within = comment;
    comment = inComment(within, character);
    if (within || comment || isSpace(character)) continue;
    if (character >> 1 !== 0x18) ending = INVALID;
    store<u8>(to++, character & 1);
  }
  store<i32>(state, comment ? 1 : 0, OWN);
  report(state, at - source, to - target, 0, ending);
}

/**
 * Reads the samples of a plain PGM or PPM, numbers separated by white space, into big-endian u16.
 *
 * @param most the largest valid number
 * @param state its own: i32 [3], the current number, its digit count, and whether it is inside a comment
 */
export function plainSamples(
  source: usize,
  end: usize,
  target: usize,
  targetEnd: usize,
  state: usize,
  most: i32,
): void {
  let at = source;
  let to = target;
  let value = load<i32>(state, OWN);
  let digits = load<i32>(state, OWN + 4);
  let comment = load<i32>(state, OWN + 8) !== 0;
  let ending = 0;
  while (at < end && to < targetEnd && ending === 0) {
    const character = <i32>load<u8>(at++);
    const within = comment;
    comment = inComment(within, character);
    if (within || comment) continue; // a comment does not end a number, as in Pillow
    if (!isSpace(character)) {
      const digit = character - 0x30;
      value = 10 * value + digit;
      digits++;
      if (<u32>digit > 9 || value > most || digits > MOST_DIGITS) ending = INVALID;
    } else if (digits > 0) {
      store<u16>(to, bswap<u16>(<u16>value));
      to += 2;
      value = 0;
      digits = 0;
    }
  }
  store<i32>(state, value, OWN);
  store<i32>(state, digits, OWN + 4);
  store<i32>(state, comment ? 1 : 0, OWN + 8);
  report(state, at - source, to - target, 0, ending);
}
