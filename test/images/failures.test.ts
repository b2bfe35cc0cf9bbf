import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmod, mkdir, symlink } from 'node:fs/promises';
import { platform } from 'node:process';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import sharp, { type Sharp } from 'sharp';
import { asNobody } from '../support/as-nobody.js';
import { failureOf, HALONET, photo, pixelsOf, temporaryFolder, untouched } from './support.js';
import { tiff } from './tiff.js';

const run = promisify(execFile);

const DECODE = new URL('../../src/images/decode.js', import.meta.url).href;
const FILE_ITEM = new URL('../../src/file-item.js', import.meta.url).href;
const NEAR = { ...HALONET, decode: 'near' }; // needs no thread, whose script another user might not be able to read

describe('decoding an unreadable image', () => {
  const folder = temporaryFolder();
  const codeOf = async (name: string, bytes: Uint8Array | string) =>
    (await failureOf(await folder.write(name, bytes))).code;

  it('reports a missing file', async () => {
    assert.equal((await failureOf(folder.path('none.jpg'))).code, 'not_found');
    const file = await folder.write('a-file', 'x');
    assert.equal((await failureOf(`${file}/inside.jpg`)).code, 'not_found');
  });

  // On Windows, these permissions have no effect.
  if (platform !== 'win32') {
    it('reports a file without read permission', async () => {
      const image = await photo(8, 8).png().toBuffer();
      const paths = [await folder.write('public.png', image), await folder.write('secret.png', image)];
      await chmod(folder.path('.'), 0o755);
      await chmod(folder.path('public.png'), 0o444);
      await chmod(folder.path('secret.png'), 0o000);
      const said = await asNobody(
        `import { decodeImage } from ${JSON.stringify(DECODE)}; import { FileItem } from ${JSON.stringify(FILE_ITEM)};`,
        `for (const path of ${JSON.stringify(paths)}) {
          const { status, failure } = await decodeImage(new FileItem(path), ${JSON.stringify(NEAR)});
          console.log(status, failure?.code, failure?.message);
        }`,
      );
      assert.equal(said, 'ok undefined undefined\nfailed permission permission denied\n');
    });
  }

  it('reports directories, pipes, symlink loops and invalid paths', async () => {
    await mkdir(folder.path('folder.jpg'));
    assert.deepEqual(await failureOf(folder.path('folder.jpg')), {
      code: 'read_failed',
      message: 'a folder, not an image file',
    });
    await symlink('self.jpg', folder.path('self.jpg'));
    assert.equal((await failureOf(folder.path('self.jpg'))).code, 'symlink_loop');
    assert.equal((await failureOf('nul\0.jpg')).code, 'read_failed');
    assert.equal((await failureOf('')).code, 'not_found');
    if (platform === 'win32') return;
    await run('mkfifo', [folder.path('pipe.jpg')]);
    assert.equal((await failureOf(folder.path('pipe.jpg'))).code, 'read_failed');
  });

  if (platform === 'linux') {
    it('rejects devices and endless files, but reads files that report a size of 0', async () => {
      assert.equal((await failureOf('/dev/zero')).code, 'read_failed');
      assert.equal((await failureOf('/proc/version')).code, 'unsupported_format'); // reports a size of 0
      assert.deepEqual(await failureOf('/proc/self/pagemap', { ...HALONET, maxPixels: 1 }), {
        code: 'too_large',
        message: 'the file goes on and on, beyond the limit of 268435456 bytes',
      });
    });
  }

  it('reports an empty file', async () => {
    assert.equal(await codeOf('empty.jpg', ''), 'empty_file');
  });

  it('rejects an image that exceeds the pixel limit', async () => {
    const path = await folder.write('big.png', await photo(100, 50).png().toBuffer());
    assert.deepEqual(await failureOf(path, { ...HALONET, maxPixels: 4999 }), {
      code: 'too_large',
      message: '100 x 50 = 5000 pixels, more than the limit of 4999',
    });
    await pixelsOf(path, { ...HALONET, maxPixels: 5000 });
  });

  it('rejects a file in an unknown format', async () => {
    assert.deepEqual(await failureOf(await folder.write('text.jpg', 'hello, world')), {
      code: 'unsupported_format',
      message:
        'not a known image format (starts with 68656c6c6f2c2077); expected JPEG, PNG, WebP, GIF, TIFF, AVIF, SVG, BMP, ICO, PNM, QOI, TGA, HEIC or JPEG 2000',
    });
  });

  it('names known formats that are not supported', async () => {
    const starts: Readonly<Record<string, string>> = {
      'JPEG XL': '0000000c4a584c200d0a870a',
      PSD: '38425053000100000000',
      PAM: '50370a574944544820310a',
    };
    for (const [name, hex] of Object.entries(starts)) {
      const { code, message } = await failureOf(await folder.write('other', Buffer.from(hex, 'hex')));
      assert.equal(code, 'unsupported_format');
      assert.ok(message.startsWith(`${name} is not supported`), message);
    }
  });

  it('recognises HEIC by its codec or its brand', async () => {
    const heic = await heicOf(sharp({ create: { width: 16, height: 16, channels: 3, background: '#f00' } }));
    const { format, compression } = await sharp(heic).metadata();
    assert.deepEqual([format, compression], ['heif', 'hevc']);
    const message = 'the HEIC data is damaged'; // no HEVC decoder accepts it
    assert.deepEqual(await failureOf(await folder.write('photo.heic', heic)), {
      code: 'decode_failed',
      message,
    });
    const branded = Buffer.from(heic.toString('latin1').replace('ftypmif1', 'ftypheic'), 'latin1');
    assert.deepEqual(await failureOf(await folder.write('photo.heic', branded.subarray(0, 90))), {
      code: 'truncated',
      message: 'the HEIC file ends early',
    });
  });

  it('rejects TIFF samples without a defined range', async () => {
    const size = { width: 2, height: 2 } as const;
    const float = tiff({ ...size, bits: 32, format: 3, samples: new Float32Array(4).fill(0.5) });
    assert.deepEqual(await failureOf(await folder.write('float.tif', float)), {
      code: 'unsupported_format',
      message: 'TIFF with floating-point samples has no defined range; convert it to 8 or 16 bits, unsigned',
    });
    const signed = tiff({ ...size, bits: 16, format: 2, samples: new Int16Array(4).fill(100) });
    assert.equal(await codeOf('signed.tif', signed), 'unsupported_format');
    const wide = tiff({ ...size, bits: 32, format: 2, samples: new Int32Array(4).fill(100) });
    assert.equal(await codeOf('wide.tif', wide), 'unsupported_format');
  });

  it('reports truncation, wherever the file ends', async () => {
    for (const [name, bytes] of Object.entries(await encodings())) {
      for (const part of [0.3, 0.5, 0.9]) {
        const path = await folder.write(name, bytes.subarray(0, bytes.length * part));
        assert.equal((await failureOf(path)).code, 'truncated', `${part} of ${name}`);
      }
    }
    assert.deepEqual(await failureOf(folder.path('jpeg')), {
      code: 'truncated',
      message: 'the JPEG file ends early',
    });
  });

  it('reports damaged data', async () => {
    for (const name of ['png', 'deflated tiff', 'svg']) {
      const bytes = Buffer.from((await encodings())[name] ?? '');
      bytes.fill(0x2f, Math.floor(bytes.length * 0.4), Math.floor(bytes.length * 0.7));
      const { code } = await failureOf(await folder.write('damaged', bytes));
      assert.equal(code, 'decode_failed', name);
    }
  });

  it('prints nothing', async () => {
    const script = `
      import { FileItem } from ${JSON.stringify(FILE_ITEM)};
      import { decodeImage } from ${JSON.stringify(DECODE)};
      for (const path of ${JSON.stringify(['jpeg', 'png', 'webp', 'gif', 'tiff', 'avif', 'text.jpg'].map(folder.path))}) {
        const { status } = await decodeImage(new FileItem(path), ${JSON.stringify(HALONET)});
        if (status !== 'failed') throw new Error(path);
      }`;
    const { stdout, stderr } = await run(process.execPath, ['--input-type=module', '--eval', script]);
    assert.deepEqual([stdout, stderr], ['', '']);
  });
});

describe('decoding an image with minor damage', () => {
  const folder = temporaryFolder();

  it('ignores stray bytes in a JPEG and a bad checksum in a PNG, as Pillow does', async () => {
    const jpeg = await photo(48, 32).jpeg().toBuffer();
    const stray = Buffer.concat([jpeg.subarray(0, 2), Buffer.from([1, 2, 3, 4]), jpeg.subarray(2)]);
    await assert.rejects(sharp(stray).raw().toBuffer(), /extraneous/);
    await pixelsOf(await folder.write('stray.jpg', stray), untouched(48, 32));
    const png = await photo(48, 32).png().toBuffer();
    png[png.length - 13] = (png[png.length - 13] ?? 0) ^ 1; // the checksum of the last IDAT
    await pixelsOf(await folder.write('checksum.png', png), untouched(48, 32));
  });
});

/** A photo in each format, and in each variant whose end is detected differently. */
async function encodings(): Promise<Readonly<Record<string, Buffer>>> {
  const image = photo(300, 200);
  const svg = Buffer.from(
    `<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">${'<g/>'.repeat(50)}</svg>`,
  );
  return {
    jpeg: await image.clone().jpeg().toBuffer(),
    progressive: await image.clone().jpeg({ progressive: true }).toBuffer(),
    png: await image.clone().png().toBuffer(),
    webp: await image.clone().webp().toBuffer(),
    gif: await image.clone().gif().toBuffer(),
    tiff: await image.clone().tiff().toBuffer(),
    'deflated tiff': await image.clone().tiff({ compression: 'deflate' }).toBuffer(),
    'tiff of tiles': await image.clone().tiff({ tile: true, compression: 'none', bigtiff: true }).toBuffer(),
    avif: await image.clone().avif({ effort: 0 }).toBuffer(),
    svg,
    svgz: gzipSync(svg),
  };
}

/** An AVIF relabelled as HEVC-coded: a valid header, with pixels that no HEVC decoder accepts. */
async function heicOf(image: Sharp): Promise<Buffer> {
  const avif = await image.avif({ effort: 0 }).toBuffer();
  const start = avif.indexOf('av1C') - 4;
  const end = start + avif.readUInt32BE(start);
  const configuration = Buffer.alloc(31); // HEVCDecoderConfigurationRecord, ISO/IEC 14496-15
  configuration.writeUInt32BE(31);
  configuration.write('hvcC\x01\x01', 4, 'latin1');
  configuration.set([0xfc, 0xfd, 0xf8, 0xf8], 21);
  configuration[29] = 0x0f;
  const grown = Buffer.concat([avif.subarray(0, start), configuration, avif.subarray(end)]);
  const heic = Buffer.from(
    grown.toString('latin1').replace('ftypavif', 'ftypmif1').replace('av01', 'hvc1'),
    'latin1',
  );
  for (const box of ['meta', 'iprp', 'ipco']) {
    const at = heic.indexOf(box) - 4;
    heic.writeUInt32BE(heic.readUInt32BE(at) + grown.length - avif.length, at);
  }
  return heic;
}
