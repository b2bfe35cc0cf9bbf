import type { Fail } from '../failures.js';

const MAX_TEXT_BYTES = 16 * 1024 * 1024; // for names and settings; JavaScript's own limit is half a gigabyte

/** Decodes UTF-8. Invalid sequences become U+FFFD; Python writes lone surrogates, as in undecodable paths. */
export function decodeText(bytes: Uint8Array, fail: Fail): string {
  if (bytes.byteLength > MAX_TEXT_BYTES) {
    throw fail(`a text has ${bytes.byteLength} bytes; expected at most ${MAX_TEXT_BYTES}`);
  }
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['\\', '\\'],
  ["'", "'"],
  ['"', '"'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
]);

/** Parses the text of protocol 0's STRING: a quoted Python 2 literal. */
export function unescapeString(literal: Uint8Array, fail: Fail): string {
  const text = decodeText(literal, fail);
  const inside = /^'(.*)'$/s.exec(text)?.[1] ?? /^"(.*)"$/s.exec(text)?.[1];
  if (inside === undefined) throw fail('a string literal has no quotes around it');
  return inside.replace(
    /\\(?:x([0-9a-fA-F]{2})|(.))/gs,
    (whole: string, hex: string | undefined, char: string) =>
      hex === undefined ? (ESCAPES.get(char) ?? whole) : String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

/** Parses the text of protocol 0's UNICODE: Python's raw-unicode-escape. */
export function unescapeUnicode(literal: Uint8Array, fail: Fail): string {
  return decodeText(literal, fail).replace(/\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))/g, (_, short, long) => {
    const point = Number.parseInt(short ?? long, 16);
    if (point > 0x10ffff) throw fail(`a text escapes the character ${point}, which Unicode does not have`);
    return String.fromCodePoint(point);
  });
}
