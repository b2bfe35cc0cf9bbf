import assert from 'node:assert/strict';
import { gzipSync, constants as zlib } from 'node:zlib';
import { FormatError, TruncatedError } from '../../../src/errors.js';
import { ByteStream } from '../../../src/formats/compressed/byte-stream.js';
import { gunzip } from '../../../src/formats/compressed/gzip.js';
import { TrailingBytesError } from '../../../src/formats/compressed/trailing-bytes.js';
import { changedBytes } from '../../support/archives.js';
import { LINES } from '../../zstd/lines.js';

/** Decompresses to the end, or to the FormatError that ends it; any other error fails the test. */
async function decompressed(data: Buffer) {
  const chunks: Uint8Array[] = [];
  try {
    const file = new ByteStream(async (position, length) => data.subarray(position, position + length));
    for await (const chunk of gunzip(file)) chunks.push(chunk);
    return { content: Buffer.concat(chunks), error: undefined, most: mostOf(chunks) };
  } catch (error) {
    assert.ok(error instanceof FormatError, error instanceof Error ? error.stack : String(error));
    return { content: Buffer.concat(chunks), error, most: mostOf(chunks) };
  }
}

const mostOf = (chunks: readonly Uint8Array[]) => Math.max(0, ...chunks.map(({ byteLength }) => byteLength));

const START = LINES.subarray(0, 100);

describe('gunzip', () => {
  it('decompresses data of every level, also stored and of one repeated byte', async () => {
    for (const content of [LINES, START, Buffer.of(), Buffer.alloc(5_000_000, 'x')]) {
      for (const level of [0, 1, 9]) {
        const found = await decompressed(gzipSync(content, { level }));
        assert.equal(found.error, undefined);
        assert.ok(found.content.equals(content));
        assert.ok(found.most <= 64 * 2 ** 10);
      }
    }
  });

  it('takes several members as one stream, and zeros behind them as padding', async () => {
    const members = [gzipSync('one '), gzipSync(''), gzipSync('two'), gzipSync(LINES)];
    for (const padding of [0, 1, 9, 10, 100_000]) {
      const found = await decompressed(Buffer.concat([...members, Buffer.alloc(padding)]));
      assert.equal(found.error, undefined);
      assert.equal(String(found.content), `one two${LINES}`);
    }
  });

  it('passes over the optional fields of a header', async () => {
    const plain = gzipSync('content');
    const fields = ['0300616263', '6e616d6500', '636f6d6d656e7400', '1234'].map((hex) =>
      Buffer.from(hex, 'hex'),
    );
    const header = Buffer.from(plain.subarray(0, 10)).fill(4 + 8 + 16 + 2, 3, 4);
    const whole = Buffer.concat([header, ...fields, plain.subarray(10)]);
    assert.equal(String((await decompressed(whole)).content), 'content');
    for (let length = 0; length < whole.byteLength; length++) {
      const { error } = await decompressed(whole.subarray(0, length));
      assert.ok(error instanceof TruncatedError, `${length} bytes: ${error}`);
    }
  });

  it('reports what follows the last member once it has given all before it', async () => {
    for (const garbage of ['x', 'garbage, and more of it', '\0\0\0garbage', `${'\0'.repeat(50_000)}x`]) {
      const found = await decompressed(Buffer.concat([gzipSync(LINES), Buffer.from(garbage)]));
      assert.ok(found.content.equals(LINES));
      assert.ok(found.error instanceof TrailingBytesError);
    }
  });

  it('gives what precedes the end of truncated data', async () => {
    const data = gzipSync(LINES, { level: 0 });
    for (const length of [1, 9, 10, 11, 20_000, 65_000, data.byteLength - 9, data.byteLength - 1]) {
      const { content, error } = await decompressed(data.subarray(0, length));
      assert.ok(error instanceof TruncatedError, `${length} bytes: ${error}`);
      assert.ok(
        content.byteLength >= length - 200 - 20 && content.equals(LINES.subarray(0, content.byteLength)),
      );
    }
    assert.equal((await decompressed(Buffer.of())).error?.message, 'the file has no bytes');
  });

  it('refuses what is no gzip data, a wrong CRC-32 and a wrong size', async () => {
    const data = gzipSync(LINES);
    const changed = (at: number) => {
      const bytes = Buffer.from(data);
      bytes[at < 0 ? bytes.byteLength + at : at] = 0x55;
      return bytes;
    };
    for (const [bytes, expected, length] of [
      [Buffer.from('no gzip data'), /^it does not begin like gzip data$/, 0],
      [changed(2), /^the gzip header at byte 0 is damaged$/, 0],
      [changed(3), /^the gzip header at byte 0 is damaged$/, 0],
      [changed(-5), /^the CRC-32 or the size of the gzip data before byte \d+ is wrong$/, LINES.byteLength],
      [changed(-1), /^the CRC-32 or the size of the gzip data before byte \d+ is wrong$/, LINES.byteLength],
    ] as const) {
      const { content, error } = await decompressed(bytes);
      assert.match(error?.message ?? '', expected);
      assert.equal(content.byteLength, length);
    }
  });

  it('notices every changed byte that matters', async () => {
    const data = gzipSync(START, { strategy: zlib.Z_FIXED });
    let refused = 0;
    for (const { what, changed, at } of changedBytes(data)) {
      const { content, error } = await decompressed(changed);
      if (error === undefined) assert.ok(content.equals(START) || at < 10, what);
      else refused++;
    }
    assert.ok(refused > 100, `${refused} refused`);
  });
});
