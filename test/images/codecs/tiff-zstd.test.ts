import assert from 'node:assert/strict';
import { failureOf, pixelsOf, temporaryFolder, texture, untouched } from '../support.js';
import { type TiffTag, tiffFile, tiffTags } from './tiff-file.js';

const ZSTD = 50_000;
const MOST = 2 ** 17 - 1; // bytes of a block

/** A ZSTD frame (RFC 8878) of uncompressed blocks, followed by blocks that repeat one byte. */
function zstd(data: Buffer, repeated = 0): Buffer {
  const header = (size: number, type: 0 | 1, last: boolean) => {
    const value = (size << 3) | (type << 1) | Number(last);
    return Buffer.from([value & 255, (value >> 8) & 255, value >> 16]);
  };
  const blocks: Buffer[] = [];
  for (let at = 0; at < data.byteLength; at += MOST) {
    const part = data.subarray(at, at + MOST);
    blocks.push(header(part.byteLength, 0, repeated === 0 && at + MOST >= data.byteLength), part);
  }
  for (let i = 0; i < repeated; i++) blocks.push(header(MOST, 1, i === repeated - 1), Buffer.from([7]));
  return Buffer.concat([Buffer.from('28b52ffd', 'hex'), Buffer.from([0, 0x58]), ...blocks]);
}

describe('TIFF with ZSTD compression', () => {
  const folder = temporaryFolder();
  const raster = texture(50, 30);
  const data = Buffer.from(raster.data);
  const inStrips = (parts: readonly Buffer[], more: readonly TiffTag[] = []) =>
    tiffFile({
      tags: [...tiffTags({ width: 50, height: 30, compression: ZSTD, more }), [278, [16]]],
      offsets: 273,
      parts,
    });
  const strips = [data.subarray(0, 16 * 150), data.subarray(16 * 150)];
  const codeOf = async (bytes: Uint8Array) =>
    (await failureOf(await folder.write('a.tif', bytes), untouched(50, 30))).code;
  const read = async (bytes: Uint8Array) =>
    Buffer.from(await pixelsOf(await folder.write('a.tif', bytes), untouched(50, 30)));

  it('decodes strips, the last of which is shorter', async () => {
    assert.deepEqual(await read(inStrips(strips.map((part) => zstd(part)))), data);
  });

  it('applies the predictor', async () => {
    const differences = Buffer.from(data.map((value, i) => value - (i % 150 < 3 ? 0 : (data[i - 3] ?? 0))));
    const parts = [differences.subarray(0, 16 * 150), differences.subarray(16 * 150)];
    const predictor: TiffTag = [317, [2], 3];
    assert.deepEqual(
      await read(
        inStrips(
          parts.map((part) => zstd(part)),
          [predictor],
        ),
      ),
      data,
    );
  });

  it('decodes tiles', async () => {
    const tile = Buffer.alloc(64 * 32 * 3);
    for (let y = 0; y < 30; y++) data.copy(tile, y * 64 * 3, y * 150, (y + 1) * 150);
    const layout: TiffTag[] = [
      [322, [64]],
      [323, [32]],
    ];
    const tags = [...tiffTags({ width: 50, height: 30, compression: ZSTD }), ...layout];
    assert.deepEqual(await read(tiffFile({ tags, offsets: 324, parts: [zstd(tile)] })), data);
  });

  it('fails if data is damaged, too short, too long or beyond the end of the file', async () => {
    const [first = data, last = data] = strips;
    for (const part of [
      Buffer.alloc(500, 0x2f),
      zstd(last.subarray(0, -1)),
      zstd(Buffer.alloc(16 * 150 + 1)),
      zstd(last, 1_000_000), // 131 GB
    ])
      assert.equal(await codeOf(inStrips([zstd(first), part])), 'decode_failed');
    assert.equal(await codeOf(inStrips([zstd(first), zstd(last)]).subarray(0, -1)), 'truncated');
  });
});
