import { type Markup, markupOf } from './markup.js';
import { tgaHeader } from './tga-header.js';

/** The format of a file, judged by its first bytes. */
export interface SniffedFormat {
  readonly name: string;
  readonly readable: boolean; // by the prebuilt sharp or our own codecs, which may need an optional package
  readonly advice: string; // what to do if it is not readable
}

const CONVERT = 'convert it to PNG';

// [name, offset, bytes as Latin-1]: https://en.wikipedia.org/wiki/List_of_file_signatures
const READABLE: readonly Signature[] = [
  ['JPEG', 0, '\xff\xd8\xff'],
  ['PNG', 0, '\x89PNG\r\n\x1a\n'],
  ['GIF', 0, 'GIF8'],
  ['WebP', 8, 'WEBP'],
  ['TIFF', 0, 'II*\0'],
  ['TIFF', 0, 'MM\0*'],
  ['TIFF', 0, 'II+\0'],
  ['TIFF', 0, 'MM\0+'],
  ['BMP', 0, 'BM'],
  ['ICO', 0, '\0\0\x01\0'],
  ['QOI', 0, 'qoif'],
  ['JPEG 2000', 0, '\0\0\0\x0cjP  \r\n\x87\n'],
  ['JPEG 2000', 0, '\xff\x4f\xff\x51'],
];

const AVIF_BRANDS: ReadonlySet<string> = new Set(['avif', 'avis']);

const UNREADABLE: readonly Signature[] = [
  ['JPEG XL', 0, '\xff\x0a'],
  ['JPEG XL', 0, '\0\0\0\x0cJXL '],
  ['JPEG XR', 0, 'II\xbc'],
  ['PSD', 0, '8BPS'],
  ['OpenEXR', 0, 'v/1\x01'],
  ['Radiance HDR', 0, '#?RADIANCE'],
  ['DDS', 0, 'DDS '],
  ['FITS', 0, 'SIMPLE  ='],
  ['XCF', 0, 'gimp xcf'],
  ['PDF', 0, '%PDF'],
  ['PAM', 0, 'P7\n'],
  ['PFM', 0, 'Pf\n'],
  ['PFM', 0, 'PF\n'],
];

type Signature = readonly [name: string, offset: number, bytes: string];

// ISO/IEC 23008-12: the brands of an HEVC-coded image or sequence.
const HEVC_BRANDS: ReadonlySet<string> = new Set([
  'heic',
  'heix',
  'heim',
  'heis',
  'hevc',
  'hevx',
  'hevm',
  'hevs',
]);

const HEIC: SniffedFormat = { name: 'HEIC', readable: true, advice: '' };

const MARKUP: Readonly<Record<Markup, SniffedFormat>> = {
  SVG: { name: 'SVG', readable: true, advice: '' },
  'SVG in UTF-16': { name: 'SVG in UTF-16', readable: false, advice: 'save it as UTF-8' },
  HTML: { name: 'HTML', readable: false, advice: 'it is a web page: get the image that it shows' },
  gzip: { name: 'gzip-compressed data', readable: false, advice: 'decompress it' },
};

/** Names a format by its first bytes; undefined if they are unknown. */
export function sniffFormat(bytes: Uint8Array): SniffedFormat | undefined {
  const head = latin1(bytes, 64);
  const matches = ([, offset, magic]: Signature) => head.startsWith(magic, offset);
  const readable = READABLE.find(matches)?.[0] ?? withoutMagic(bytes, head);
  if (readable !== undefined) return { name: readable, readable: true, advice: '' };
  const brands = head.startsWith('ftyp', 4) ? brandsOf(head) : [];
  if (HEVC_BRANDS.has(brands[0] ?? '')) return HEIC;
  if (brands.some((brand) => AVIF_BRANDS.has(brand))) return { name: 'AVIF', readable: true, advice: '' };
  const unreadable = UNREADABLE.find(matches);
  if (unreadable !== undefined) return { name: unreadable[0], readable: false, advice: CONVERT };
  const markup = markupOf(bytes);
  return markup && MARKUP[markup];
}

/** Returns the brands of an ISO/IEC 14496-12 file: its major brand, then the compatible ones. */
function brandsOf(head: string): string[] {
  const length = Math.min(head.length, Buffer.from(head.slice(0, 4), 'latin1').readUInt32BE());
  const [own = '', , ...compatible] = head.slice(8, length).match(/[\s\S]{4}/g) ?? [];
  return [own, ...compatible];
}

// White space and comments, then the width: both may appear between the tokens of a header.
const PNM = /^P[1-6](?:[\t-\r ]|#[^\r\n]*[\r\n])+(?:\d|#[^\r\n]*$)/;

/** Names formats whose first bytes vary, or are shared with another format. */
function withoutMagic(bytes: Uint8Array, head: string): string | undefined {
  if (PNM.test(head)) return 'PNM';
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (isDib(file)) return 'DIB';
  if (tgaHeader(file) !== undefined) return 'TGA'; // may begin like a cursor without images
  return head.startsWith('\0\0\x02\0') ? 'CUR' : undefined;
}

/** Recognises a bitmap without a file header: a known header size, one plane and a valid bit depth. */
function isDib(file: Buffer): boolean {
  if (file.byteLength < 40 || ![40, 52, 56, 64, 108, 124].includes(file.readUInt32LE(0))) return false;
  return file.readUInt16LE(12) === 1 && [1, 4, 8, 16, 24, 32].includes(file.readUInt16LE(14));
}

function latin1(bytes: Uint8Array, length: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, length)).toString('latin1');
}
