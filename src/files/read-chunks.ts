import { open } from 'node:fs/promises';
import { reading } from './write-error.js';

const CHUNK = 64 * 2 ** 10; // bytes

/** Yields the bytes of a file from its beginning on. @throws {ReadFailure} */
export async function* readChunks(path: string): AsyncGenerator<Buffer> {
  const handle = await reading(() => open(path, 'r'));
  try {
    for (;;) {
      const { bytesRead, buffer } = await reading(() => handle.read(Buffer.alloc(CHUNK)));
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await handle.close().catch(() => {}); // nothing more is read
  }
}
