import assert from 'node:assert/strict';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import { FormatError, TruncatedError } from '../../../src/errors.js';
import {
  type Decompress,
  Decompressed,
  type DecompressedOptions,
} from '../../../src/formats/compressed/decompressed.js';
import { gunzip } from '../../../src/formats/compressed/gzip.js';
import { unzstd } from '../../../src/formats/compressed/zstd.js';
import type { ReadAt } from '../../../src/formats/read-at.js';
import { rawBlock, zstdFrame, zstdOf } from '../../support/zstd.js';

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc') as () => void;

const MiB = 2 ** 20;
const CONTENT = Buffer.alloc(8 * MiB);
for (let i = 0; i < CONTENT.byteLength; i += 4) CONTENT.writeInt32LE(Math.imul(i, 0x9e3779b1) >> (i % 20), i);

/** A file that counts how often it is read from its beginning on. */
function counting(data: Buffer) {
  const counts = { starts: 0 };
  const file: ReadAt = async (position, length) => {
    if (position === 0) counts.starts++;
    return data.subarray(position, position + length);
  };
  return { counts, file };
}

function opened(data: Buffer, decompress: Decompress = gunzip, options?: DecompressedOptions) {
  const { counts, file } = counting(data);
  const content = new Decompressed(decompress, options);
  return { counts, content, file, read: content.over(file) };
}

const ZIPPED = gzipSync(CONTENT, { level: 1 });

describe('Decompressed', () => {
  for (const [name, decompress, data] of [
    ['gzip', gunzip, ZIPPED],
    ['Zstandard', unzstd, zstdOf(CONTENT)],
  ] as const) {
    it(`reads ${name} data at any place, once if in order`, async () => {
      const { counts, read } = opened(data, decompress);
      for (let at = 0; at < CONTENT.byteLength; at += 300_001) {
        const length = at % 7 === 0 ? 500_000 : at % 1000;
        assert.ok(
          (await read(at, length)).equals(CONTENT.subarray(at, at + length)),
          `${length} bytes at ${at}`,
        );
      }
      assert.equal(counts.starts, 1);
      assert.ok((await read(5, 5)).equals(CONTENT.subarray(5, 10)));
      assert.equal(counts.starts, 2);
      assert.ok((await read(0, CONTENT.byteLength + 5)).equals(CONTENT));
      assert.equal(counts.starts, 2);
      assert.equal((await read(CONTENT.byteLength, 5)).byteLength, 0);
      assert.equal((await read(CONTENT.byteLength + MiB, 5)).byteLength, 0);
    });
  }

  it('reads again what is in the window', async () => {
    const { counts, content, read } = opened(ZIPPED, gunzip, { kept: 2 * MiB });
    await read(5 * MiB, 1);
    for (const at of [3.1 * MiB, 4 * MiB, 5 * MiB, 3.2 * MiB]) {
      assert.ok(content.isNear(at));
      assert.ok((await read(at, 1000)).equals(CONTENT.subarray(at, at + 1000)));
    }
    assert.equal(counts.starts, 1);
    assert.ok(!content.isNear(2 * MiB));
    await read(2 * MiB, 1);
    assert.equal(counts.starts, 2);
  });

  it('serves reads that come together in the order of their places', async () => {
    const { counts, read } = opened(ZIPPED, gunzip, { kept: 1 });
    const places = [7, 3, 5, 1, 6, 2, 4].map((place) => place * MiB);
    const all = await Promise.all([read(100, 1), ...places.map((at) => read(at, 100_000))]);
    for (const [i, at] of places.entries()) assert.ok(all[i + 1]?.equals(CONTENT.subarray(at, at + 100_000)));
    assert.equal(counts.starts, 1);
  });

  it('reads the file through whatever reader a read brings along', async () => {
    const content = new Decompressed(gunzip);
    for (let at = 0; at < CONTENT.byteLength; at += MiB) {
      let isOpen = true;
      const file: ReadAt = async (position, length) => {
        assert.ok(isOpen);
        return ZIPPED.subarray(position, position + length);
      };
      assert.ok((await content.over(file)(at, 9)).equals(CONTENT.subarray(at, at + 9)));
      isOpen = false;
    }
  });

  it('gives what precedes damage, and reports the damage as often as asked', async () => {
    const cut = ZIPPED.subarray(0, ZIPPED.byteLength >> 1);
    const { counts, content, file, read } = opened(cut);
    assert.ok((await read(1000, 1000)).equals(CONTENT.subarray(1000, 2000)));
    for (let i = 0; i < 2; i++) {
      await assert.rejects(read(2000, CONTENT.byteLength), TruncatedError);
      await assert.rejects(content.expectEnd(file), TruncatedError);
    }
    assert.equal(counts.starts, 2); // the place 2000 is not kept
    assert.ok((await read(1000, 1000)).equals(CONTENT.subarray(1000, 2000)));
  });

  it('checks up to the end, and lets other bytes follow the data', async () => {
    const followed = opened(Buffer.concat([ZIPPED, Buffer.from('garbage')]));
    await followed.content.expectEnd(followed.file);
    await assert.rejects(followed.read(CONTENT.byteLength, 1), FormatError);
    const wrong = opened(Buffer.from(ZIPPED).fill(0x55, ZIPPED.byteLength - 5));
    assert.ok((await wrong.read(0, CONTENT.byteLength)).equals(CONTENT));
    await assert.rejects(wrong.content.expectEnd(wrong.file), /CRC-32/);
  });

  it('starts again after an error of the file, which may not last', async () => {
    let fails = true;
    const file: ReadAt = async (position, length) => {
      if (position > 0 && fails) throw new Error('EIO');
      return ZIPPED.subarray(position, position + length);
    };
    const read = new Decompressed(gunzip).over(file);
    await assert.rejects(read(7 * MiB, 1), /EIO/);
    fails = false;
    assert.ok((await read(7 * MiB, 9)).equals(CONTENT.subarray(7 * MiB, 7 * MiB + 9)));
  });

  it('stops when it is aborted', async () => {
    const controller = new AbortController();
    const { read } = opened(ZIPPED, gunzip, { signal: controller.signal });
    await read(0, 1);
    controller.abort(new Error('enough'));
    await assert.rejects(read(7 * MiB, 1), /enough/);
  });

  it('holds little more than its window, however small the blocks of the data', async () => {
    const tiny = zstdFrame(Array.from({ length: 300_000 }, (_, i) => rawBlock(Buffer.of(i))));
    const { read } = opened(tiny, unzstd, { kept: 300_000 });
    gc();
    const before = process.memoryUsage();
    assert.equal((await read(299_999, 1))[0], 299_999 & 255);
    gc();
    const after = process.memoryUsage();
    const more = after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers;
    assert.ok(more < 4 * MiB, `${more} bytes`);
  });
});
