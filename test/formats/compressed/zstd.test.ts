import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FormatError, TruncatedError } from '../../../src/errors.js';
import { ByteStream } from '../../../src/formats/compressed/byte-stream.js';
import { unzstd } from '../../../src/formats/compressed/zstd.js';
import { changedBytes } from '../../support/archives.js';
import { ROOT } from '../../support/root.js';
import { rawBlock, rleBlock, zstdFrame, zstdOf } from '../../support/zstd.js';
import { LINES } from '../../zstd/lines.js';

/** Decompresses to the end, or to the FormatError that ends it; any other error fails the test. */
async function decompressed(data: Buffer) {
  const chunks: Uint8Array[] = [];
  try {
    const file = new ByteStream(async (position, length) => data.subarray(position, position + length));
    for await (const chunk of unzstd(file)) chunks.push(chunk);
    return { content: Buffer.concat(chunks), error: undefined };
  } catch (error) {
    assert.ok(error instanceof FormatError, error instanceof Error ? error.stack : String(error));
    return { content: Buffer.concat(chunks), error };
  }
}

const SKIPPABLE = Buffer.from('502a4d18030000000102ff', 'hex');

describe('unzstd of a stream', () => {
  it('decompresses what zstd has written', async () => {
    for (const name of ['lines-fast.zst', 'lines-best.zst', 'lines-stream.zst']) {
      const { content, error } = await decompressed(readFileSync(join(ROOT, 'fixtures/zstd', name)));
      assert.equal(error, undefined);
      assert.ok(content.equals(LINES), name);
    }
  });

  it('takes several frames as one stream, and passes over skippable ones', async () => {
    const frames = [
      SKIPPABLE,
      zstdFrame([rawBlock('one ')]),
      SKIPPABLE,
      zstdFrame([rawBlock('')]),
      zstdOf(LINES),
    ];
    const { content, error } = await decompressed(Buffer.concat(frames));
    assert.equal(error, undefined);
    assert.equal(String(content), `one ${LINES}`);
    assert.deepEqual(await decompressed(SKIPPABLE), { content: Buffer.of(), error: undefined });
  });

  it('lets others have their turn while it makes much of little', async () => {
    const bomb = zstdFrame(Array.from({ length: 100 }, () => rleBlock('x', 2 ** 17)));
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    const { content } = await decompressed(bomb);
    clearInterval(timer);
    assert.equal(content.byteLength, 100 * 2 ** 17);
    assert.ok(turns > 0);
  });

  it('gives what precedes the end of truncated data', async () => {
    const data = Buffer.concat([SKIPPABLE, zstdOf(LINES, 1000)]);
    for (let length = 0; length < data.byteLength; length += length < 40 ? 1 : 997) {
      if (length === SKIPPABLE.byteLength) continue; // nothing tells
      const { content, error } = await decompressed(data.subarray(0, length));
      assert.ok(
        error instanceof TruncatedError || /does not begin/.test(error?.message ?? ''),
        `${length}: ${error}`,
      );
      assert.ok(
        content.byteLength >= length - 1100 - length / 300 &&
          content.equals(LINES.subarray(0, content.byteLength)),
      );
    }
  });

  it('refuses what is no Zstandard data, damaged blocks, other sizes and checksums than stated', async () => {
    const whole = zstdOf(LINES.subarray(0, 3000), 1000);
    for (const [data, expected, length] of [
      [Buffer.from('no Zstandard'), /^it does not begin like Zstandard data$/, 0],
      [Buffer.concat([whole, Buffer.from('more')]), /^there is no Zstandard frame at byte 3019$/, 3000],
      [
        Buffer.from(whole).fill(0xff, 1009, 1010),
        /^the Zstandard data at byte 1009 cannot be decompressed: the header/,
        1000,
      ],
      [Buffer.from(whole).fill(0xff, 3018), /^the checksum of the Zstandard frame at byte 0 is wrong$/, 3000],
      [Buffer.from('28b52ffd2004190000616263', 'hex'), /has 3 bytes; it states 4$|byte 6 cannot/, undefined],
      [
        Buffer.from('28b52ffd0090190000616263', 'hex'),
        /^the Zst.* byte 0 cannot .*: a frame needs a window of 268435456/,
        0,
      ],
      [
        Buffer.from('28b52ffd210703190000616263', 'hex'),
        /byte 0 cannot be decompressed: a frame needs a dictionary$/,
        0,
      ],
    ] as const) {
      const { content, error } = await decompressed(data);
      assert.match(error?.message ?? '', expected);
      if (length !== undefined) assert.equal(content.byteLength, length); // Node's own checks the size early
    }
    assert.equal((await decompressed(Buffer.of())).error?.message, 'the file has no bytes');
  });

  it('notices every changed byte that matters', async () => {
    const data = zstdOf(LINES.subarray(0, 200), 50);
    let refused = 0;
    for (const { what, changed } of changedBytes(data)) {
      const { content, error } = await decompressed(changed);
      if (error === undefined) assert.ok(content.equals(LINES.subarray(0, 200)), what);
      else refused++;
    }
    assert.ok(refused > 500, `${refused} refused`);
  });
});
