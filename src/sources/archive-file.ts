import type { FileHandle } from 'node:fs/promises';
import type { FileIdentity } from '../file-identity.js';
import { openFile } from '../file-item.js';
import type { ReadAt } from '../formats/read-at.js';
import { readFully } from '../read-fully.js';

const WINDOW = 64 * 2 ** 10; // bytes

/** An archive on disk, open for reading at any place. */
export interface ArchiveFile {
  readonly path: string;
  readonly identity: FileIdentity;
  readonly read: ReadAt;
  readonly close: () => Promise<void>;
}

/**
 * Opens an archive.
 *
 * @throws ImageRefusal not_found, permission, symlink_loop or read_failed
 * @throws ShortageError if too many files are open
 */
export async function openArchive(path: string): Promise<ArchiveFile> {
  const { handle, identity } = await openFile(path);
  return { path, identity, read: windowed(handle, identity.bytes), close: () => handle.close() };
}

/** Reads through a window, since the headers of small members lie close together. The window is made when it is first needed. */
function windowed(handle: FileHandle, size: number): ReadAt {
  let window: Buffer | undefined;
  let [start, length] = [0, 0];
  return async (position, wanted) => {
    if (wanted > WINDOW / 2) {
      const most = Math.max(0, Math.min(wanted, size - position)); // the stated size of a member may lie
      return readAt(handle, Buffer.allocUnsafeSlow(most), position);
    }
    if (position < start || position + wanted > start + length) {
      window ??= Buffer.allocUnsafeSlow(WINDOW);
      [start, length] = [position, 0];
      length = (await readAt(handle, window, position)).byteLength;
    }
    const from = position - start;
    return Buffer.from((window as Buffer).subarray(from, Math.min(from + wanted, length))); // a copy: the window moves on
  };
}

/** Fills a buffer from a position on; returns the part that the file could fill. */
const readAt = async (handle: FileHandle, buffer: Buffer, position: number): Promise<Buffer> =>
  buffer.subarray(0, await readFully(handle, buffer, position));
