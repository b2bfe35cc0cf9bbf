import type { FileHandle } from 'node:fs/promises';

const ONE_READ = 2 ** 30; // bytes; Node reads fewer than 2³¹ at once

/** Fills `bytes` from `position` on, or up to the end of the file. @returns the number of bytes read */
export async function readFully(handle: FileHandle, bytes: Uint8Array, position: number): Promise<number> {
  let length = 0;
  while (length < bytes.byteLength) {
    const room = Math.min(bytes.byteLength - length, ONE_READ);
    const { bytesRead } = await handle.read(bytes, length, room, position + length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return length;
}
