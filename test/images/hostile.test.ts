import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import sharp from 'sharp';
import { chainedTiff, compressedZeros, gifOf, pngChunk, svg, zeroPng } from './hostile.js';
import {
  failureOf,
  HALONET,
  meanDifference,
  photo,
  pixelsOf,
  temporaryFolder,
  untouched,
} from './support.js';

describe('decoding a hostile image', () => {
  const folder = temporaryFolder();
  const codeOf = async (bytes: Uint8Array | string, preprocessing = HALONET) =>
    (await failureOf(await folder.write('hostile', bytes), preprocessing)).code;
  const read = async (bytes: Uint8Array | string, preprocessing = HALONET) =>
    pixelsOf(await folder.write('hostile', bytes), preprocessing);

  it('rejects a header that exceeds the pixel limit before decoding any pixels', async () => {
    const bomb = zeroPng({ width: 30_000, height: 30_000, colourType: 2, rows: 1 });
    assert.equal(await codeOf(bomb), 'too_large');
    assert.equal(await codeOf(svg('', 'width="100000" height="100000"')), 'too_large');
    const jpeg = await photo(64, 64).jpeg().toBuffer();
    const frame = jpeg.indexOf(Buffer.from([0xff, 0xc0]));
    jpeg.writeUInt16BE(65_500, frame + 5);
    jpeg.writeUInt16BE(65_500, frame + 7);
    assert.equal(await codeOf(jpeg), 'too_large');
  });

  it('reports missing data in a file below the pixel limit', async () => {
    assert.equal(
      await codeOf(zeroPng({ width: 16_000, height: 16_000, colourType: 2, rows: 1 })),
      'decode_failed',
    );
  });

  it('reads a decompression bomb below the pixel limit', async () => {
    const bomb = zeroPng({ width: 16_000, height: 16_000, colourType: 2 });
    assert.ok((await read(bomb)).every((value) => value === 0));
  });

  it('ignores compressed text and colour profiles of gigabytes', async () => {
    const zeros = compressedZeros(2 ** 32);
    const named = (type: string) => pngChunk(type, Buffer.concat([Buffer.from('a\0\0'), zeros]));
    for (const type of ['zTXt', 'iCCP'])
      await read(zeroPng({ width: 8, height: 8, colourType: 2, chunks: [named(type)] }));
  });

  it('reads a TIFF whose directories form a loop or number in the thousands', async () => {
    for (const tiff of [chainedTiff(1, 0), chainedTiff(3000, 0), chainedTiff(3000)])
      assert.deepEqual([...(await read(tiff, untouched(8, 8))).subarray(0, 3)], [0x80, 0x80, 0x80]);
  });

  it('rejects a TIFF with missing pixels, which libvips would make black', async () => {
    const taller = chainedTiff(1);
    for (const entry of [1, 7]) taller.writeUInt32LE(80, 8 + 2 + 12 * entry + 8); // its rows, and those of its strip
    assert.equal(await codeOf(taller), 'decode_failed');
    assert.equal(await codeOf(chainedTiff(1).subarray(0, -32)), 'truncated');
    await read(taller, { ...HALONET, failOn: 'none' });
  });

  it('reads an animation of 20,000 frames', async () => {
    assert.equal((await read(gifOf(20_000))).length, HALONET.height * HALONET.width * 3);
  });

  it('treats a polyglot file as the format that it starts with', async () => {
    const jpeg = await photo(48, 32).jpeg().toBuffer();
    const alone = await read(jpeg, untouched(48, 32));
    const zipped = Buffer.concat([jpeg, Buffer.from('PK\x03\x04'), Buffer.alloc(100)]);
    assert.equal(meanDifference(await read(zipped, untouched(48, 32)), alone), 0);
    await read(gifOf(1, '\x3b*/=1;alert(1)'));
    assert.equal(await codeOf(`\x89PNG\r\n\x1a\n${svg('<rect width="9" height="9"/>')}`), 'decode_failed');
  });

  it('rejects formats that libvips reads but halonet does not', async () => {
    const pipe = Buffer.alloc(64 + 12); // libvips' own: a header, then 2 x 2 x RGB
    pipe.writeUInt32BE(0xb6a6f208);
    assert.equal(await codeOf(pipe), 'unsupported_format');
    for (const text of ['1,2,3\n4,5,6\n', '2 2\n1 2\n3 4\n', 'PF\n1 1\n-1.0\n\0\0\0\0'])
      assert.equal(await codeOf(text), 'unsupported_format');
    // libvips opens its own format only by path, which is blocked, whatever else this build of libvips reads.
    const own = folder.path('image.v');
    await sharp({ create: { width: 2, height: 2, channels: 3, background: '#fff' } }).toFile(own);
    await assert.rejects(sharp(own).metadata(), /unsupported image format/);
  });
});

describe('decoding a hostile SVG', () => {
  const folder = temporaryFolder();
  const codeOf = async (text: Uint8Array | string) =>
    (await failureOf(await folder.write('a.svg', text))).code;
  const drawn = async (text: string) => pixelsOf(await folder.write('a.svg', text), untouched(60, 40));

  it('loads nothing from other files or hosts', async () => {
    let requests = 0;
    const server = createServer((_, response) => {
      requests++;
      response.end();
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    const { port } = server.address() as AddressInfo;
    const black = await folder.write('black.png', zeroPng({ width: 60, height: 40, colourType: 2 }));
    const blackSvg = await folder.write('black.svg', svg('<rect id="r" width="60" height="40"/>'));
    const inside = `data:image/png;base64,${(await readFile(black)).toString('base64')}`;
    assert.ok((await drawn(svg(`<image width="60" height="40" xlink:href="${inside}"/>`))).includes(0));
    const host = `http://127.0.0.1:${port}`;
    const references = [
      ...[`file://${black}`, black, 'black.png', `${host}/a.png`].map(
        (href) => `<image width="60" height="40" xlink:href="${href}"/>`,
      ),
      ...[`file://${blackSvg}#r`, 'black.svg#r', `${host}/a.svg#r`].map(
        (href) => `<use xlink:href="${href}"/>`,
      ),
      `<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="black.svg"/>`,
      `<style>@import url("${host}/a.css");</style>`,
    ];
    for (const reference of references)
      assert.ok(
        (await drawn(svg(reference))).every((value) => value === 255),
        reference,
      );
    server.close();
    assert.equal(requests, 0);
  });

  it('loads no entities from files', async () => {
    const secret = await folder.write('secret', '<rect width="60" height="40"/>');
    const outside = `<!DOCTYPE svg [<!ENTITY x SYSTEM "file://${secret}">]>${svg('&x;')}`;
    const image = await folder.write('a.svg', outside);
    const pixels = await pixelsOf(image, untouched(60, 40)).catch(() => []);
    assert.ok(pixels.every((value) => value === 255));
  });

  it('terminates on entity bombs, deep nesting and self-references', async () => {
    const entities = Array.from(
      { length: 10 },
      (_, i) => `<!ENTITY e${i + 1} "${`&e${i};`.repeat(10)}">`,
    ).join('');
    const laughs = `<!DOCTYPE svg [<!ENTITY e0 "ha">${entities}]>${svg('<text y="20">&e10;</text>')}`;
    assert.equal(await codeOf(laughs), 'decode_failed');
    assert.equal(await codeOf(svg('<g>'.repeat(200_000) + '</g>'.repeat(200_000))), 'decode_failed');
    const itself = '<g id="a"><use xlink:href="#a"/></g><use xlink:href="#a"/>';
    await drawn(svg(itself));
  });

  it('rejects a compressed SVG that inflates to 128 MiB', async () => {
    const spaces = gzipSync(Buffer.from(svg(`<!--${' '.repeat(2 ** 27)}-->`)));
    assert.equal(await codeOf(spaces), 'decode_failed');
  });
});
