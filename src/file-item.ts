import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { ImageFailure } from './errors.js';
import { fileFailure } from './file-failure.js';
import { type FileIdentity, fileIdentity } from './file-identity.js';
import { identify } from './identify.js';
import type { BrokenItem, FoundItem, OpenItem } from './item.js';
import { ImageRefusal, imageLimit, NO_BYTES } from './refusal.js';

/** An item that is a file. A class, because memory may hold millions of them. */
export class FileItem implements FoundItem {
  readonly status = 'found';
  readonly id: string;
  readonly target: string | undefined;
  readonly #file: string | undefined; // undefined: the id

  /** @param file the path of the file, if it is not the id */
  constructor(id: string, { target, file }: { readonly target?: string; readonly file?: string } = {}) {
    this.id = id;
    this.target = target === id ? undefined : target;
    this.#file = file === id ? undefined : file;
  }

  get file(): string {
    return this.#file ?? this.id;
  }

  identify(): Promise<FileIdentity | undefined> {
    return identify(this.file);
  }

  async open(): Promise<OpenItem> {
    const { handle, identity } = await openFile(this.file);
    return { identity, read: (limit) => readAndClose(handle, identity, limit) };
  }
}

/** A path that leads to no image. */
export class BrokenPath implements BrokenItem {
  readonly status = 'failed';
  readonly id: string;
  readonly target: string | undefined;
  readonly failure: ImageFailure;

  constructor(id: string, failure: ImageFailure, target?: string) {
    this.id = id;
    this.failure = failure;
    this.target = target === id ? undefined : target;
  }

  identify(): Promise<FileIdentity | undefined> {
    return identify(this.id);
  }
}

// Without O_NONBLOCK, opening a named pipe or a device would wait for the other end. Windows lacks the flag.
const OPEN_AT_ONCE = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/** An open file and its identity. */
export interface OpenFile {
  readonly handle: FileHandle;
  readonly identity: FileIdentity;
}

/**
 * Opens a file. Its identity is that of the opened file, even if its path leads elsewhere later.
 *
 * @throws ImageRefusal not_found, permission, symlink_loop or read_failed
 * @throws ShortageError if too many files are open
 */
export async function openFile(path: string): Promise<OpenFile> {
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

const ONE_READ = 2 ** 30; // bytes; Node reads fewer than 2³¹ at once
const FIRST_READ = 64 * 2 ** 10; // least bytes to try, because files in /proc report a size of 0

async function readAndClose(
  handle: FileHandle,
  { bytes: size }: FileIdentity,
  most: number,
): Promise<Uint8Array> {
  const limit = imageLimit(most);
  try {
    if (size > limit) throw tooLarge(`has ${size} bytes`, limit);
    const bytes = await readToEnd(handle, Math.max(FIRST_READ, size + 1), limit);
    if (bytes.byteLength === 0) throw new ImageRefusal('empty_file', 'the file has no bytes', NO_BYTES);
    return bytes;
  } catch (error) {
    throw refusalOf(error);
  } finally {
    await handle.close().catch(() => {}); // nothing was written
  }
}

/** Reads to the end of a file, and refuses more than `limit`: a file may grow, or report a wrong size. */
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
  const what = isDirectory ? 'a folder' : 'a pipe, socket or device';
  return new ImageRefusal('read_failed', `${what}, not an image file`);
}
