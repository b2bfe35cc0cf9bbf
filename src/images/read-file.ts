import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { fileFailure } from '../file-failure.js';
import { type FileIdentity, fileIdentity } from '../file-identity.js';
import { ImageRefusal } from './refusal.js';

const BYTES_PER_PIXEL = 8; // RGBA of 16 bits, uncompressed: no image takes more
const ALWAYS_READ = 256 * 2 ** 20; // metadata and animations may be large however small the pixel limit
const BUFFER_LIMIT = 2 ** 31 - 1; // bytes
const ONE_READ = 2 ** 30; // bytes, of which Node reads fewer than 2³¹ at once

// Opening a named pipe, or a device, would wait for its other end. Windows has no such flag.
const OPEN_AT_ONCE = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

const FIRST_READ = 64 * 2 ** 10; // bytes at least: files of /proc say that they have none

/** An image file that is open, for {@link readAndClose}. */
export interface OpenedFile {
  readonly handle: FileHandle;
  readonly identity: FileIdentity;
}

/**
 * Opens an image file: what is looked at is what is read, whatever its name leads to by then.
 *
 * @throws ImageRefusal not_found, permission, symlink_loop or read_failed
 * @throws ShortageError where too many files are open
 */
export async function openImageFile(path: string): Promise<OpenedFile> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, OPEN_AT_ONCE);
    const status = await handle.stat({ bigint: true });
    if (!status.isFile()) throw notAFile(status.isDirectory());
    return { handle, identity: fileIdentity(status) };
  } catch (error) {
    await handle?.close().catch(() => {});
    throw refusalOf(error);
  }
}

/**
 * The bytes of an image file. It is read once and whole: the header and the pixels then come from the same bytes, and
 * libvips never sees a path (in a name that ends in `]` it would look for options).
 *
 * @throws ImageRefusal read_failed, empty_file or too_large
 */
export async function readAndClose({ handle, identity }: OpenedFile, maxPixels: number): Promise<Uint8Array> {
  const limit = Math.min(BUFFER_LIMIT, Math.max(ALWAYS_READ, BYTES_PER_PIXEL * maxPixels));
  try {
    if (identity.bytes > limit) throw tooLarge(`has ${identity.bytes} bytes`, limit);
    const bytes = await readToEnd(handle, Math.max(FIRST_READ, identity.bytes + 1), limit);
    if (bytes.byteLength === 0) throw new ImageRefusal('empty_file', 'the file has no bytes');
    return bytes;
  } catch (error) {
    throw refusalOf(error);
  } finally {
    await handle.close().catch(() => {}); // nothing was written
  }
}

/** Reads until there is no more, or more than `limit`: a file may grow, and its size may say nothing. */
async function readToEnd(handle: FileHandle, capacity: number, limit: number): Promise<Uint8Array> {
  let bytes = Buffer.allocUnsafeSlow(capacity);
  let length = 0;
  for (;;) {
    const room = Math.min(bytes.byteLength - length, ONE_READ);
    const { bytesRead } = await handle.read(bytes, length, room, null);
    if (bytesRead === 0) return bytes.subarray(0, length);
    length += bytesRead;
    if (length > limit) throw tooLarge('goes on and on', limit);
    if (length < bytes.byteLength) continue;
    const larger = Buffer.allocUnsafeSlow(Math.min(2 * length, limit + FIRST_READ));
    larger.set(bytes);
    bytes = larger;
  }
}

function tooLarge(what: string, limit: number): ImageRefusal {
  return new ImageRefusal('too_large', `the file ${what}, beyond the limit of ${limit} bytes`);
}

function refusalOf(error: unknown): ImageRefusal {
  if (error instanceof ImageRefusal) return error;
  const { code, message } = fileFailure(error);
  return new ImageRefusal(code, message);
}

function notAFile(isDirectory: boolean): ImageRefusal {
  const what = isDirectory ? 'a directory' : 'a pipe, socket or device';
  return new ImageRefusal('read_failed', `${what}, not an image file`);
}
