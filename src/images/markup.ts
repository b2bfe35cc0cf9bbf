import { constants, gunzipSync } from 'node:zlib';

/** The kind of a markup file, plain or compressed. */
export type Markup = 'SVG' | 'SVG in UTF-16' | 'HTML' | 'gzip';

const LOOKED_AT = 64 * 2 ** 10; // bytes
const SVG_TAG = '<svg';
const UTF8_MARK = '\xef\xbb\xbf'; // the byte order mark, as Latin-1

/**
 * Returns whether libvips may take a file for an SVG. Once its loaders of other formats have declined, it does so for UTF-8 text
 * without a zero byte up to the tag, which may be anywhere, and for compressed data with the tag among the first 1000 bytes.
 * Longer text without the tag counts as a possible SVG: searching all of it would take long.
 */
export function mayBeSvg(bytes: Uint8Array): boolean {
  if (isGzip(bytes)) {
    const { head, isKnown } = inflatedHead(bytes);
    return !isKnown || hasTag(head);
  }
  const head = bytes.subarray(0, LOOKED_AT);
  return hasTag(head) || (bytes.byteLength > LOOKED_AT && textLength(head) === LOOKED_AT);
}

/** Identifies a markup file by its first 64 KiB; undefined for anything else. */
export function markupOf(bytes: Uint8Array): Markup | undefined {
  if (isGzip(bytes)) return compressedMarkup(bytes);
  const wide = utf16Text(bytes.subarray(0, LOOKED_AT));
  if (wide?.includes(SVG_TAG)) return 'SVG in UTF-16';
  const head = bytes.subarray(0, LOOKED_AT);
  if (textLength(head) > 0 && isHtml(lowerCase(head))) return 'HTML';
  return hasTag(head) ? 'SVG' : undefined;
}

/** Classifies gzip data. A stream cut before its contents show counts as SVG, the only readable format that it could hold. */
function compressedMarkup(bytes: Uint8Array): 'SVG' | 'gzip' {
  const { head, isCut } = inflatedHead(bytes);
  if (hasTag(head)) return isHtml(lowerCase(head)) ? 'gzip' : 'SVG';
  return isCut && /^\s*(<|$)/.test(lowerCase(head)) ? 'SVG' : 'gzip';
}

/** Returns whether the tag is there, with only text before it. */
function hasTag(head: Uint8Array): boolean {
  return lowerCase(head.subarray(0, textLength(head))).includes(SVG_TAG);
}

/**
 * Returns how many bytes of a file are text, as libvips sees it: non-zero UTF-8 characters. Like libvips, it skips stray
 * continuation bytes between them and accepts a last character that is cut.
 */
function textLength(bytes: Uint8Array): number {
  const continues = (at: number) => at >= bytes.byteLength || ((bytes[at] ?? 0) & 0xc0) === 0x80;
  for (let at = 0; at < bytes.byteLength; ) {
    const start = at;
    const size = characterBytes(bytes[at++] ?? 0);
    while (at - start < size) if (!continues(at++)) return start;
    if (size === 0) return start;
    while (at < bytes.byteLength && continues(at)) at++;
  }
  return bytes.byteLength;
}

/** Returns the length in bytes of the UTF-8 character that a byte begins; 0 if it begins none. */
function characterBytes(first: number): number {
  if (first < 0x80) return first === 0 ? 0 : 1;
  if (first < 0xc2 || first > 0xf4) return 0;
  return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

const ROOT = 64; // characters

/** Checks for an HTML root element or document type, after any comments and processing instructions. */
function isHtml(text: string): boolean {
  let at = text.startsWith(UTF8_MARK) ? UTF8_MARK.length : 0;
  for (;;) {
    at += text.slice(at).search(/\S|$/);
    const end = text.startsWith('<?', at) ? '?>' : text.startsWith('<!--', at) ? '-->' : undefined;
    if (end === undefined) return /^<(!doctype\s+)?html[\s>]/.test(text.slice(at, at + ROOT));
    const ended = text.indexOf(end, at);
    if (ended < 0) return false;
    at = ended + end.length;
  }
}

/** Decodes UTF-16 text, recognised by its byte order mark or a first tag, in lower case. */
function utf16Text(head: Uint8Array): string | undefined {
  const [first = 0, second = 0] = head;
  const start = first * 256 + second;
  const even = Buffer.from(head.subarray(0, head.byteLength & ~1));
  if (start === 0xfffe || start === 0x3c00) return even.toString('utf16le').toLowerCase();
  if (start === 0xfeff || start === 0x003c) return even.swap16().toString('utf16le').toLowerCase();
  return undefined;
}

const isGzip = ([first, second]: Uint8Array) => first === 0x1f && second === 0x8b;

const INFLATED_HEAD = 1000; // bytes, in which libvips looks for the tag
const COMPRESSED_HEADS = [256, 1024, 4096]; // bytes to inflate: at most to 4 MB

interface InflatedHead {
  readonly head: Uint8Array; // 1000 bytes, or all if there are fewer
  readonly isKnown: boolean; // `head` holds all of the first 1000 bytes
  readonly isCut: boolean; // the file ends before them
}

function inflatedHead(bytes: Uint8Array): InflatedHead {
  let head: Uint8Array = new Uint8Array();
  for (const length of COMPRESSED_HEADS) {
    try {
      head = gunzipSync(bytes.subarray(0, length), { finishFlush: constants.Z_SYNC_FLUSH });
    } catch {
      return { head: head.subarray(0, INFLATED_HEAD), isKnown: false, isCut: false }; // damaged, before or after them
    }
    if (head.byteLength >= INFLATED_HEAD)
      return { head: head.subarray(0, INFLATED_HEAD), isKnown: true, isCut: false };
    if (bytes.byteLength <= length) return { head, isKnown: true, isCut: endsWithin(bytes) };
  }
  return { head, isKnown: false, isCut: false };
}

/** Returns whether a compressed file of a few kB is truncated. */
function endsWithin(bytes: Uint8Array): boolean {
  try {
    gunzipSync(bytes);
    return false;
  } catch {
    return true;
  }
}

function lowerCase(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1').toLowerCase();
}
