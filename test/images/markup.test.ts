import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import sharp from 'sharp';
import '../../src/images/libvips.js'; // restricts sharp to the loaders that halonet uses
import { markupOf, mayBeSvg } from '../../src/images/markup.js';
import { svg } from './hostile.js';
import { failureOf, photo, pixelsOf, temporaryFolder, untouched } from './support.js';

const DRAWING = svg('<rect width="60" height="40" fill="#369"/>');

const comment = (length: number) => `<!--${'x'.repeat(length)}-->`;

/** Corrupts the checksum at the end of compressed data. */
function damaged(compressed: Buffer): Buffer {
  return compressed.fill(0xff, compressed.length - 8);
}

/** Returns whether libvips passes a file to its SVG loader. */
function isTaken(bytes: Uint8Array): Promise<boolean> {
  return sharp(bytes)
    .metadata()
    .then(
      ({ format }) => format === 'svg',
      (error: Error) => /glib|svgload/.test(error.message),
    );
}

describe('mayBeSvg', () => {
  const latin1 = (text: string) => Buffer.from(text, 'latin1');
  const taken: Readonly<Record<string, Uint8Array>> = {
    plain: Buffer.from(DRAWING),
    'in capitals': Buffer.from('<SVG>  '),
    'behind a long comment': Buffer.from(comment(5000) + DRAWING),
    'behind a comment of 100 kB': Buffer.from(comment(100_000) + DRAWING),
    'behind as much of other letters': Buffer.from(`<!--${'é漢'.repeat(20_000)}-->${DRAWING}`),
    'behind stray bytes': Buffer.concat([
      Buffer.from('<!--a'),
      latin1('\x80\x89'),
      Buffer.from(`-->${DRAWING}`),
    ]),
    'behind a mark of the byte order': Buffer.from(`\ufeff${DRAWING}`),
    'like WebP at the start': Buffer.from(`<!--xxxxWEBP-->${DRAWING}`),
    'like AVIF at the start': Buffer.from(`<!--ftypavif-->${DRAWING}`),
    'in a page': Buffer.from(`<!doctype html><html><body>${DRAWING}</body></html>`),
    compressed: gzipSync(DRAWING),
    'compressed behind a comment': gzipSync(comment(900) + DRAWING),
    'compressed with a long name': Buffer.concat([
      Buffer.from([0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 0, 0]),
      Buffer.from(`${'n'.repeat(20_000)}\0`),
      gzipSync(DRAWING).subarray(10),
    ]),
    'compressed, and damaged behind its start': damaged(gzipSync(DRAWING + comment(3000))),
  };
  const left: Readonly<Record<string, Uint8Array>> = {
    'behind a zero': Buffer.from(`<!--\0-->${DRAWING}`),
    'behind what is no UTF-8': Buffer.concat([latin1('<!--\xff-->'), Buffer.from(DRAWING)]),
    'in UTF-16': Buffer.from(`\ufeff${DRAWING}`, 'utf16le'),
    'in another format': Buffer.concat([latin1('\xff\xd8\xff\xe1'), Buffer.from(DRAWING)]),
    'compressed behind more than 1000 bytes': gzipSync(comment(2000) + DRAWING),
    'of other text': Buffer.from('hello, world'),
    'of other data, compressed': gzipSync(latin1('\xff\xd8\xff\xe1'.repeat(1000))),
  };

  it('accepts everything that libvips takes for an SVG', async () => {
    for (const [what, bytes] of Object.entries(taken)) {
      assert.equal(await isTaken(bytes), true, what);
      assert.equal(mayBeSvg(bytes), true, what);
    }
  });

  it('rejects what libvips does not take for an SVG, if the start of the file shows it', async () => {
    for (const [what, bytes] of Object.entries(left)) {
      assert.equal(await isTaken(bytes), false, what);
      assert.equal(mayBeSvg(bytes), false, what);
    }
    for (const format of ['jpeg', 'png', 'webp', 'gif', 'tiff', 'avif'] as const)
      assert.equal(mayBeSvg(await photo(64, 64)[format]().toBuffer()), false, format);
  });
});

describe('decoding a markup file', () => {
  const folder = temporaryFolder();
  const messageOf = async (bytes: Uint8Array | string) => {
    const { code, message } = await failureOf(await folder.write('file', bytes));
    return `${code}: ${message}`;
  };
  const refusal = (what: string, advice: string) => `unsupported_format: ${what} is not supported; ${advice}`;

  it('draws an SVG wherever its tag is', async () => {
    for (const text of [DRAWING, comment(2000) + DRAWING, comment(100_000) + DRAWING]) {
      const pixels = await pixelsOf(await folder.write('a.svg', text), untouched(60, 40));
      assert.deepEqual([...pixels.subarray(0, 3)], [0x33, 0x66, 0x99]);
    }
  });

  it('reports HTML as a web page, even if it contains an SVG', async () => {
    const page = refusal('HTML', 'it is a web page: get the image that it shows');
    for (const text of [
      `<!DOCTYPE html>\n<html><body>${DRAWING}</body></html>`,
      `\ufeff<?xml version="1.0"?>\n<!-- <svg --> <html xmlns="http://www.w3.org/1999/xhtml">${DRAWING}</html>`,
      '<html><title>404</title></html>',
    ])
      assert.equal(await messageOf(text), page);
    assert.match(await messageOf(`<htmlx>${DRAWING}`), /^decode_failed: the header of this SVG/);
    assert.equal(markupOf(Buffer.from(`<?xml version="1.0"?><!--html-->${DRAWING}`)), 'SVG');
  });

  it('reports compressed data that is not a readable SVG', async () => {
    const compressed = refusal('gzip-compressed data', 'decompress it');
    const jpeg = await photo(64, 64).jpeg().toBuffer();
    for (const inside of [jpeg, 'hello', '<p>hello</p>', comment(2000) + DRAWING, `<html>${DRAWING}</html>`])
      assert.equal(await messageOf(gzipSync(inside)), compressed);
    assert.equal(await messageOf(gzipSync(jpeg).subarray(0, -9)), compressed);
  });

  it('reports SVG in UTF-16, which libvips does not recognise', async () => {
    const wide = refusal('SVG in UTF-16', 'save it as UTF-8');
    const little = Buffer.from(`\ufeff<?xml version="1.0" encoding="UTF-16"?>${DRAWING}`, 'utf16le');
    const big = Buffer.from(little).swap16();
    for (const bytes of [little, big, little.subarray(2), big.subarray(2)])
      assert.equal(await messageOf(bytes), wide);
  });
});
