import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { unzstd } from '../../formats/compressed/zstd.js';
import { CHECKSUM_BYTES, HAS_CHECKSUM, MAGIC_BYTES } from '../../zstd/frame-header.js';
import { Xxh64 } from '../../zstd/xxh64.js';
import type { Compression } from './compression.js';

const PACKAGE = '@hpcc-js/wasm-zstd';
const LEVEL = 3;

/**
 * Zstandard: a frame for each piece, with its size and a checksum. Not by node:zlib, which has Zstandard from version 22.15 on only,
 * nor by a native library: WebAssembly gives the same bytes everywhere.
 */
export const zstd: Compression = {
  name: 'zstd',
  extension: '.zst',
  setting: () => `zstd ${LEVEL}, ${PACKAGE} ${packageVersion()}`,
  async load() {
    const { Zstd } = await import('@hpcc-js/wasm-zstd');
    const library = await Zstd.load();
    let last: Promise<unknown> = Promise.resolve();
    const compress = async (piece: Uint8Array) => {
      await setImmediate(); // signals and progress first: compressing is synchronous
      return withChecksum(library.compress(piece, LEVEL), piece);
    };
    return (piece) => {
      const frame = last.then(() => compress(piece));
      last = frame.catch(() => {});
      return frame;
    };
  },
  decompress: unzstd,
};

/** Adds to a frame the checksum of its content, which the library leaves out. */
function withChecksum(frame: Uint8Array, content: Uint8Array): Uint8Array {
  const hash = new Xxh64();
  hash.update(content);
  const checked = Buffer.alloc(frame.byteLength + CHECKSUM_BYTES);
  checked.set(frame);
  checked.writeUInt8(checked.readUInt8(MAGIC_BYTES) | HAS_CHECKSUM, MAGIC_BYTES);
  checked.writeUInt32LE(hash.low, frame.byteLength);
  return checked;
}

function packageVersion(): string {
  const entry = createRequire(import.meta.url).resolve(PACKAGE);
  const { version } = JSON.parse(readFileSync(join(dirname(dirname(entry)), 'package.json'), 'utf8'));
  return version;
}
