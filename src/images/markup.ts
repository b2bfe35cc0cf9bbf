import { constants, gunzipSync } from 'node:zlib';

/** What a file of markup is, plain or compressed. */
export type Markup = 'SVG' | 'SVG in UTF-16' | 'HTML' | 'gzip';

const LOOKED_AT = 64 * 2 ** 10; // bytes
const SVG_TAG = '<svg';
const UTF8_MARK = '\xef\xbb\xbf'; // the byte order mark, as Latin-1

/**
 * Whether libvips may take a file for an SVG. It does so for text in UTF-8, without a zero byte, up to the tag, which may stand
 * anywhere, and for what is compressed with the tag among its first 1000 bytes, once its loaders of other formats have declined.
 * Of a text that goes on without the tag it may: to look at all of it would take long.
 */
export function maybeSvg(bytes: Uint8Array): boolean {
  if (isGzip(bytes)) {
    const { head, isKnown } = inflatedHead(bytes);
    return !isKnown || hasTag(head);
  }
  const head = bytes.subarray(0, LOOKED_AT);
  return hasTag(head) || (bytes.byteLength > LOOKED_AT && textLength(head) === LOOKED_AT);
}

/** Tells what a file of markup is by its first 64 KiB; undefined where it is none that is known. */
export function markupOf(bytes: Uint8Array): Markup | undefined {
  if (isGzip(bytes)) return compressedMarkup(bytes);
  const wide = utf16Text(bytes.subarray(0, LOOKED_AT));
  if (wide?.includes(SVG_TAG)) return 'SVG in UTF-16';
  const head = bytes.subarray(0, LOOKED_AT);
  if (textLength(head) > 0 && isHtml(lowerCase(head))) return 'HTML';
  return hasTag(head) ? 'SVG' : undefined;
}

/** A stream that is cut before it says what it holds could have been an SVG, and nothing else that is read. */
function compressedMarkup(bytes: Uint8Array): 'SVG' | 'gzip' {
  const { head, isCut } = inflatedHead(bytes);
  if (hasTag(head)) return isHtml(lowerCase(head)) ? 'gzip' : 'SVG';
  return isCut && /^\s*(<|$)/.test(lowerCase(head)) ? 'SVG' : 'gzip';
}

/** Whether there is the tag, and text before it. */
function hasTag(head: Uint8Array): boolean {
  return lowerCase(head.subarray(0, textLength(head))).includes(SVG_TAG);
}

/**
 * How many bytes of a file are text, as libvips sees it: characters in UTF-8 other than zero, between which it skips bytes that
 * begin none. A last one that is cut is one.
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

/** How many bytes a character takes that begins with one, in UTF-8: 0 where none does. */
function characterBytes(first: number): number {
  if (first < 0x80) return first === 0 ? 0 : 1;
  if (first < 0xc2 || first > 0xf4) return 0;
  return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

const ROOT = 64; // characters

/** By its root, or the document type before it, behind comments and instructions. */
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

/** Text in UTF-16, in lower case, by its byte order mark or a first tag. */
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
const COMPRESSED_HEADS = [256, 1024, 4096]; // bytes that are inflated: to 4 MB at most

interface InflatedHead {
  readonly head: Uint8Array; // 1000 bytes, or as many as there are
  readonly isKnown: boolean; // there are no more among the first 1000
  readonly isCut: boolean; // the file ends before them
}

function inflatedHead(bytes: Uint8Array): InflatedHead {
  let head: Uint8Array = new Uint8Array();
  for (const length of COMPRESSED_HEADS) {
    try {
      head = gunzipSync(bytes.subarray(0, length), { finishFlush: constants.Z_SYNC_FLUSH });
    } catch {
      return { head: head.subarray(0, INFLATED_HEAD), isKnown: false, isCut: false }; // damaged, before or behind them
    }
    if (head.byteLength >= INFLATED_HEAD)
      return { head: head.subarray(0, INFLATED_HEAD), isKnown: true, isCut: false };
    if (bytes.byteLength <= length) return { head, isKnown: true, isCut: endsWithin(bytes) };
  }
  return { head, isKnown: false, isCut: false };
}

/** Whether a compressed file of a few kB lacks its end. */
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
