// src/files/: writes files atomically, and finds where they go

import { randomBytes } from 'node:crypto';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pid } from 'node:process';
import { alreadyExists, statOrUndefined } from './place.js';
import { attempt } from './write-error.js';

/** Returns a hidden name for an incomplete file, in the folder of `target`, where a rename suffices to publish it. */
export function temporaryName(target: string): string {
  return join(dirname(target), `.${basename(target)}.${pid}-${randomBytes(4).toString('hex')}.tmp`);
}

/**
 * A file that appears under its name complete or not at all: written under a hidden name in the same folder, `seal`ed (synced
 * and closed), then `publish`ed by a rename. Every method throws OutputError.
 */
export class PendingFile {
  readonly target: string;
  readonly #temporary: string;
  readonly #handle: FileHandle;
  #sealed = false;

  private constructor(target: string, temporary: string, handle: FileHandle) {
    this.target = target;
    this.#temporary = temporary;
    this.#handle = handle;
  }

  static async create(target: string): Promise<PendingFile> {
    const temporary = temporaryName(target);
    return new PendingFile(target, temporary, await attempt(target, () => open(temporary, 'wx')));
  }

  /** Appends at the file's current position. */
  write(bytes: Uint8Array): Promise<void> {
    return attempt(this.target, () => writeFully(this.#handle, bytes));
  }

  /** Replaces bytes already written, from byte `position` on; later appends are unaffected. */
  patch(bytes: Uint8Array, position: number): Promise<void> {
    return attempt(this.target, () => writeFully(this.#handle, bytes, position));
  }

  /** Syncs the bytes to disk and closes the file. */
  seal(): Promise<void> {
    return attempt(this.target, async () => {
      await this.#handle.sync();
      await this.#close();
    });
  }

  /**
   * Renames the sealed file to its final name. Without `overwrite`, it refuses to replace a file that has appeared there.
   */
  publish(overwrite: boolean): Promise<void> {
    return attempt(this.target, async () => {
      if (!overwrite && (await statOrUndefined(this.target))) throw alreadyExists(this.target);
      await rename(this.#temporary, this.target);
    });
  }

  /** Removes the temporary file; a published file stays. Safe to call at any time, more than once. */
  discard(): Promise<void> {
    return attempt(this.target, async () => {
      await this.#close();
      await rm(this.#temporary, { force: true });
    });
  }

  async #close(): Promise<void> {
    if (this.#sealed) return;
    this.#sealed = true;
    await this.#handle.close();
  }
}

/** Writes all bytes: `FileHandle.write` may write only some of them, as on a nearly full disk. */
export async function writeFully(handle: FileHandle, bytes: Uint8Array, position?: number): Promise<void> {
  let done = 0;
  while (done < bytes.byteLength) {
    const at = position === undefined ? null : position + done;
    done += (await handle.write(bytes, done, bytes.byteLength - done, at)).bytesWritten;
  }
}
