import type { FileHandle } from 'node:fs/promises';
import type { FileIdentity } from '../file-identity.js';
import { openFile } from '../file-item.js';
import type { ReadAt } from '../formats/tar.js';

const WINDOW = 64 * 2 ** 10; // bytes

/** An archive on disk, open for reading at any place. */
export interface ArchiveFile extends AsyncDisposable {
  readonly identity: FileIdentity;
  /** Reads bytes at a position, through a window: headers of small members lie close together. */
  readonly read: ReadAt;
}

/**
 * Opens an archive.
 *
 * @throws ImageRefusal not_found, permission, symlink_loop or read_failed; so does `read`
 * @throws ShortageError if too many files are open
 */
export async function openArchive(path: string): Promise<ArchiveFile> {
  const { handle, identity } = await openFile(path);
  return { identity, read: windowed(handle), [Symbol.asyncDispose]: () => handle.close() };
}

function windowed(handle: FileHandle): ReadAt {
  const window = Buffer.allocUnsafeSlow(WINDOW);
  let [start, length] = [0, 0];
  return async (position, wanted) => {
    if (wanted > WINDOW) return readAt(handle, Buffer.allocUnsafe(wanted), position);
    if (position < start || position + wanted > start + length) {
      [start, length] = [position, 0];
      length = (await readAt(handle, window, position)).byteLength;
    }
    const from = position - start;
    return Buffer.from(window.subarray(from, Math.min(from + wanted, length))); // a copy: the window moves on
  };
}

/** Fills a buffer from a position on; returns the part that the file could fill. */
export async function readAt<T extends Buffer>(
  handle: FileHandle,
  buffer: T,
  position: number,
): Promise<Buffer> {
  let length = 0;
  while (length < buffer.byteLength) {
    const { bytesRead } = await handle.read(buffer, length, buffer.byteLength - length, position + length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return buffer.subarray(0, length);
}
