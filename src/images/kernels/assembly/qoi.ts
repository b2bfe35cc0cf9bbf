import { OWN, report } from './code-state';

const PREVIOUS: usize = OWN; // u8 [4]: RGBA, with 255 subtracted from alpha, so that zeros are opaque black
const SEEN: usize = OWN + 4; // u8 [64, 4]: RGBA

/**
 * Decodes QOI to RGB. https://qoiformat.org/qoi-specification.pdf
 *
 * @param state its own: u8 [65, 4], the previous pixel, with 255 subtracted from alpha, and the pixels seen
 */
export function qoi(source: usize, end: usize, target: usize, targetEnd: usize, state: usize): void {
  let at = source;
  let to = target;
  let red = load<u8>(state, PREVIOUS);
  let green = load<u8>(state, PREVIOUS + 1);
  let blue = load<u8>(state, PREVIOUS + 2);
  let alpha: u8 = load<u8>(state, PREVIOUS + 3) + 255;
  while (at < end && to < targetEnd) {
    const code = <i32>load<u8>(at++);
    let count = 1;
    if (code >= 0xfe) {
      red = load<u8>(at);
      green = load<u8>(at, 1);
      blue = load<u8>(at, 2);
      at += 3;
      if (code === 0xff) alpha = load<u8>(at++);
    } else if (code < 0x40) {
      const seen = state + SEEN + <usize>(4 * code);
      red = load<u8>(seen);
      green = load<u8>(seen, 1);
      blue = load<u8>(seen, 2);
      alpha = load<u8>(seen, 3);
    } else if (code < 0x80) {
      red += <u8>(((code >> 4) & 3) - 2);
      green += <u8>(((code >> 2) & 3) - 2);
      blue += <u8>((code & 3) - 2);
    } else if (code < 0xc0) {
      const byte = <i32>load<u8>(at++);
      const change = (code & 63) - 32;
      red += <u8>(change + (byte >> 4) - 8);
      green += <u8>change;
      blue += <u8>(change + (byte & 15) - 8);
    } else {
      count = (code & 63) + 1;
    }
    const place = (<i32>red * 3 + <i32>green * 5 + <i32>blue * 7 + <i32>alpha * 11) & 63;
    const seen = state + SEEN + <usize>(4 * place);
    store<u8>(seen, red);
    store<u8>(seen, green, 1);
    store<u8>(seen, blue, 2);
    store<u8>(seen, alpha, 3);
    for (; count > 0; count--) {
      store<u8>(to, red);
      store<u8>(to, green, 1);
      store<u8>(to, blue, 2);
      to += 3;
    }
  }
  store<u8>(state, red, PREVIOUS);
  store<u8>(state, green, PREVIOUS + 1);
  store<u8>(state, blue, PREVIOUS + 2);
  store<u8>(state, alpha - 255, PREVIOUS + 3);
  report(state, at - source, to - target, 0, 0);
}
