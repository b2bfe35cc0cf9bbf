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
 * @param onRead called with the number of bytes of each read
 * @throws ImageRefusal not_found, permission, symlink_loop or read_failed
 * @throws ShortageError if too many files are open
 */
export async function openArchive(path: string, onRead?: (bytes: number) => void): Promise<ArchiveFile> {
  const { handle, identity } = await openFile(path);
  const read = windowed(handle, identity.bytes, onRead);
  return { path, identity, read, close: () => handle.close() };
}

/** Reads through a window, since the headers of small members lie close together. The window is made when it is first needed. */
function windowed(handle: FileHandle, size: number, onRead: ((bytes: number) => void) | undefined): ReadAt {
  const fill = async (buffer: Buffer, position: number) => {
    const bytes = await readAt(handle, buffer, position);
    onRead?.(bytes.byteLength);
    return bytes;
  };
  let window: Buffer | undefined;
  let [start, length] = [0, 0];
  return async (position, wanted) => {
    if (wanted > WINDOW / 2) {
      const most = Math.max(0, Math.min(wanted, size - position)); // the stated size of a member may lie
      return fill(Buffer.allocUnsafeSlow(most), position);
    }
    if (position < start || position + wanted > start + length) {
      window ??= Buffer.allocUnsafeSlow(WINDOW);
      [start, length] = [position, 0];
      length = (await fill(window, position)).byteLength;
    }
    const from = position - start;
    return Buffer.from((window as Buffer).subarray(from, Math.min(from + wanted, length))); // a copy: the window moves on
  };
}

/** Fills a buffer from a position on; returns the part that the file could fill. */
const readAt = async (handle: FileHandle, buffer: Buffer, position: number): Promise<Buffer> =>
  buffer.subarray(0, await readFully(handle, buffer, position));
