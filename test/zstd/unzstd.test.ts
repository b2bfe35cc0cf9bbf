import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DamagedZstdError } from '../../src/zstd/damaged.js';
import { unzstd } from '../../src/zstd/unzstd.js';
import { Xxh64 } from '../../src/zstd/xxh64.js';
import { changedBytes } from '../support/archives.js';
import { ROOT } from '../support/root.js';
import {
  compressedBlock,
  endlessMatches,
  endlessWeights,
  rawBlock,
  rleBlock,
  zstdFrame,
} from '../support/zstd.js';
import { LINES } from './lines.js';

const fixture = (name: string) => readFileSync(join(ROOT, 'fixtures/zstd', name));
const LICENSE = readFileSync(join(ROOT, 'LICENSE'));

/** Decompresses data; returns undefined if they are refused. Any other error fails the test. */
function decompressed(data: Uint8Array, most: number): Buffer | undefined {
  const output = Buffer.alloc(most);
  try {
    return output.subarray(0, unzstd(data, output));
  } catch (error) {
    const isMeant = error instanceof DamagedZstdError || /offset is out of bounds/.test(String(error));
    assert.ok(isMeant, error instanceof Error ? error.stack : String(error));
    return undefined;
  }
}

describe('unzstd', () => {
  for (const [name, expected] of [
    ['license.zst', LICENSE],
    ['lines-fast.zst', LINES],
    ['lines-best.zst', LINES],
    ['lines-stream.zst', LINES],
  ] as const) {
    it(`decompresses what zstd has written: ${name}`, () => {
      const output = Buffer.alloc(expected.byteLength);
      assert.equal(unzstd(fixture(name), output), expected.byteLength);
      assert.ok(output.equals(expected));
    });
  }

  it('decompresses frames one after the other, and passes over skippable ones', () => {
    const skippable = Buffer.from('5a2a4d18030000000102ff', 'hex');
    const frames = [zstdFrame([rawBlock('one ')]), skippable, zstdFrame([rleBlock('2', 3)]), skippable];
    assert.equal(String(decompressed(Buffer.concat(frames), 100)), 'one 222');
    assert.equal(String(decompressed(zstdFrame([rawBlock('')]), 0)), '');
  });

  it('refuses data that end anywhere', () => {
    const data = fixture('license.zst');
    for (let length = 0; length < data.byteLength; length++)
      assert.equal(decompressed(data.subarray(0, length), LICENSE.byteLength), undefined, `${length} bytes`);
  });

  it('refuses data of which any byte has changed, or decompresses them right', () => {
    let refused = 0;
    for (const { what, changed } of changedBytes(fixture('license.zst'))) {
      const output = decompressed(changed, LICENSE.byteLength);
      if (output === undefined) refused++;
      else assert.ok(output.equals(LICENSE), what);
    }
    assert.ok(refused > 10_000, `${refused} refused`);
  });

  it('refuses blocks that would not end', () => {
    for (const [content, expected] of [
      [endlessWeights(), /a Huffman table has too many weights/],
      [endlessMatches(), /a block is too long/],
    ] as const)
      assert.throws(() => unzstd(zstdFrame([compressedBlock(content)]), Buffer.alloc(2 ** 20)), expected);
  });

  it('refuses a dictionary, a large window, a wrong size, a wrong checksum and more than the output holds', () => {
    const refused = (data: Buffer, expected: RegExp, most = 100) =>
      assert.throws(() => unzstd(data, Buffer.alloc(most)), expected);
    const frame = zstdFrame([rawBlock('abc')]);
    refused(Buffer.from('28b52ffd2107030019000061 6263'.replace(' ', ''), 'hex'), /needs a dictionary/);
    refused(Buffer.from('28b52ffd0090190000616263', 'hex'), /needs a window of 268435456 bytes/);
    refused(Buffer.from('28b52ffd2004190000616263', 'hex'), /another size than stated/);
    refused(Buffer.concat([frame.subarray(0, -1), Buffer.of(0xff)]), /a checksum is wrong/);
    refused(frame, /offset is out of bounds/, 2);
    refused(zstdFrame([rleBlock('x', 2 ** 17 + 1)]), /the header of a block is damaged/, 2 ** 20);
  });
});

describe('Xxh64', () => {
  const lowOf = (...pieces: readonly (string | Buffer)[]) => {
    const hash = new Xxh64();
    for (const piece of pieces) hash.update(Buffer.from(piece as Buffer));
    return hash.low;
  };

  it('gives the digests of the reference', () => {
    assert.equal(lowOf(''), 0x51d8e999);
    assert.equal(lowOf('a'), 0xa98c6e5b);
    assert.equal(lowOf('abc'), 0xad770999);
  });

  it('does not depend on how bytes are divided into pieces', () => {
    const whole = lowOf(LINES.subarray(0, 1000));
    for (let first = 0; first <= 100; first++) {
      const pieces = [
        LINES.subarray(0, first),
        LINES.subarray(first, 2 * first + 1),
        LINES.subarray(2 * first + 1, 1000),
      ];
      assert.equal(lowOf(...pieces), whole, String(first));
    }
  });
});
