import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import process, { pid, platform } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import sharp from 'sharp';
import { FACT_TYPES, type FactName } from '../../src/facts.js';
import { FileItem } from '../../src/file-item.js';
import { openDecoder } from '../../src/images/decoder.js';
import type { FoundItem } from '../../src/item.js';
import { MemoryItem } from '../support/memory-item.js';
import { childrenRunning } from '../support/processes.js';
import { endlessSvg, zeroPng } from './hostile.js';
import { HALONET, photo, temporaryFolder } from './support.js';

const ALL = Object.keys(FACT_TYPES) as FactName[];
const sha256 = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest('hex');

/** What is known about bytes that are no image. */
const ofBytes = (bytes: Uint8Array | string) => ({
  bytes: Buffer.byteLength(bytes),
  sha256: sha256(bytes),
});

describe('facts about an image', () => {
  const folder = temporaryFolder();

  /** Decodes an item here and in a separate process, which must find the same. */
  async function factsOf(item: FoundItem, overrides = {}, facts: readonly FactName[] = ALL) {
    const found = [];
    for (const apart of [false, true]) {
      const decoder = openDecoder(
        { ...HALONET, ...overrides },
        { timeout: 60, facts, isolated: () => apart },
      );
      const { status, facts: known } = await decoder.decode(item);
      await decoder.close();
      found.push({ status, known });
    }
    assert.deepEqual(found[0], found[1]);
    return found[0];
  }

  it('are those of its file, in every format', async () => {
    const image = photo(30, 20);
    const files = {
      jpeg: await image.jpeg().toBuffer(),
      png: await image.png().toBuffer(),
      webp: await image.webp().toBuffer(),
      gif: await image.gif().toBuffer(),
      tiff: await image.tiff().toBuffer(),
      avif: await image.avif({ effort: 0 }).toBuffer(),
      svg: Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="30" height="20"/>'),
    };
    for (const [format, bytes] of Object.entries(files)) {
      const path = await folder.write(`${format}.jpg`, bytes);
      const { width, height } = await sharp(bytes).metadata();
      const known = { bytes: bytes.byteLength, sha256: sha256(bytes), format, width, height };
      for (const item of [new FileItem(path), new MemoryItem(path, bytes)])
        assert.deepEqual(await factsOf(item), { status: 'ok', known });
    }
  });

  for (const format of ['jpeg', 'webp', 'avif'] as const)
    for (const maxPixels of [HALONET.maxPixels, 100])
      it(`have the size of the upright image, if orientation is applied: ${format}, ${maxPixels}`, async () => {
        const bytes = await photo(30, 20).withMetadata({ orientation: 6 })[format]().toBuffer();
        const status = maxPixels === 100 ? 'failed' : 'ok';
        for (const autoOrient of [false, true]) {
          const known = autoOrient ? { width: 20, height: 30 } : { width: 30, height: 20 };
          const found = await factsOf(new MemoryItem('x', bytes), { autoOrient, maxPixels }, [
            'width',
            'height',
          ]);
          assert.deepEqual(found, { status, known });
        }
      });

  it('are those of the whole image, for a crop', async () => {
    const bytes = await photo(30, 20).png().toBuffer();
    for (const [box, status] of [
      [[1, 2, 5, 5], 'ok'],
      [[40, 2, 5, 5], 'failed'],
    ] as const) {
      const item = Object.assign(new MemoryItem('x', bytes), { crop: { unit: 'pixel', box } as const });
      const known = { width: 30, height: 20 };
      assert.deepEqual(await factsOf(item, {}, ['width', 'height']), { status, known });
    }
  });

  it('are known of failed images as far as these could be read', async () => {
    const jpeg = await photo(300, 200).jpeg().toBuffer();
    const cut = jpeg.subarray(0, jpeg.byteLength >> 1);
    const bmp = Buffer.from(await readFile('fixtures/images/shapes/arrow.png'));
    const headless = bmp.subarray(0, 12);
    const pdf = Buffer.from('%PDF-1.7\n');
    const none = Buffer.from('no image');
    const cases: readonly (readonly [Uint8Array, object])[] = [
      [cut, { format: 'jpeg', width: 300, height: 200 }],
      [headless, { format: 'png' }],
      [pdf, { format: 'pdf' }],
      [none, {}],
      [Buffer.of(), {}],
    ];
    for (const [i, [bytes, others]] of cases.entries()) {
      const item = new FileItem(await folder.write(`failed-${i}`, bytes));
      const known = { ...ofBytes(bytes), ...others };
      assert.deepEqual(await factsOf(item), { status: 'failed', known }, `${i}`);
    }
    assert.deepEqual(await factsOf(new FileItem(folder.path('none'))), { status: 'failed', known: {} });
    const large = zeroPng({ width: 4000, height: 300, colourType: 2 });
    assert.deepEqual(await factsOf(new MemoryItem('x', large), { maxPixels: 1e6 }), {
      status: 'failed',
      known: { ...ofBytes(large), format: 'png', width: 4000, height: 300 },
    });
  });

  it('are found only if asked for', async () => {
    const item = new MemoryItem('x', await photo(30, 20).png().toBuffer());
    assert.deepEqual(await factsOf(item, {}, ['format']), { status: 'ok', known: { format: 'png' } });
    assert.deepEqual(await factsOf(item, {}, []), { status: 'ok', known: undefined });
  });

  it('are known of an image that takes too long, here and in a separate process', async () => {
    const endless = endlessSvg();
    const item = new FileItem(await folder.write('endless.svg', endless));
    const decoder = openDecoder(HALONET, { timeout: 1, facts: ALL });
    const image = await decoder.decode(item);
    await decoder.close();
    assert.ok(image.status === 'failed' && image.failure.code === 'timeout');
    const { width: _, height: __, ...known } = image.facts ?? {};
    assert.deepEqual(known, { ...ofBytes(endless), format: 'svg' });
    // Not laborious, but it takes four seconds in a thread of this process.
    const long = zeroPng({ width: 16_384, height: 32_768, colourType: 2, bits: 16 });
    const near = { ...HALONET, decode: 'near', maxPixels: 2 ** 30 } as const;
    const other = openDecoder(near, { timeout: 1, facts: ALL });
    const late = await other.decode(new MemoryItem('long', long));
    await other.close();
    assert.ok(late.status === 'failed' && late.failure.code === 'timeout');
    assert.deepEqual(late.facts, { ...ofBytes(long), format: 'png', width: 16_384, height: 32_768 });
  });

  if (platform === 'linux')
    it('are known of an image that ends its process', async () => {
      const endless = endlessSvg();
      const item = new FileItem(await folder.write('crash.svg', endless));
      const decoder = openDecoder(HALONET, { timeout: 60, facts: ALL });
      const decoding = decoder.decode(item);
      const children = () => childrenRunning('decode-process.js', pid).filter(({ seconds }) => seconds > 0.6);
      while (children().length === 0) await sleep(20);
      for (const child of children()) process.kill(child.pid, 'SIGSEGV');
      const image = await decoding;
      await decoder.close();
      assert.ok(image.status === 'failed' && image.failure.code === 'crashed');
      const { width: _, height: __, ...known } = image.facts ?? {};
      assert.deepEqual(known, { ...ofBytes(endless), format: 'svg' });
    });
});
