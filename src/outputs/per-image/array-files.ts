import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { FormatError } from '../../errors.js';
import { forceFolder } from '../../files/force.js';
import { errorCode, ReadFailure } from '../../files/write-error.js';
import { writeSynced } from '../../files/write-synced.js';
import { byteCount } from '../../tensor.js';
import { encodeNpyHeader } from '../npy-header.js';
import type { TensorSpec } from '../row-tensor.js';
import type { Checksum } from './checksums.js';

const CONCURRENT = 16; // files. Of 4 kB each, synced, an SSD took 1,600 to 2,400 a second with 4 as with 16 at once
const REMEMBERED = 4096; // folders

/** An array of one image. */
export interface ArrayFile {
  readonly name: string; // relative to the folder, with forward slashes
  readonly tensor: TensorSpec;
  readonly values: Uint8Array;
}

/** Writes the arrays of images into a folder and its subfolders. Every method throws the file system's error. */
export class ArrayFiles {
  readonly #folder: string;
  readonly #made = new Set<string>(); // subfolders that exist
  readonly #unsynced = new Set<string>(); // folders with new entries

  /** @param folder an existing one */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Writes files, over those of an earlier attempt, with their bytes on disk. @returns their checksums, in order */
  async write(files: readonly ArrayFile[]): Promise<readonly Checksum[]> {
    if (this.#unsynced.size > REMEMBERED) await this.sync(); // only those whose files are written
    for (const { name } of files) await this.#make(dirname(name));
    return inParallel(files, async ({ name, tensor, values }) => {
      const bytes = Buffer.concat([arrayHeader(tensor), values]);
      await writeSynced(join(this.#folder, name), bytes);
      return { name, sha256: createHash('sha256').update(bytes).digest('hex') };
    });
  }

  /** Syncs the names of the files so far. */
  async sync(): Promise<void> {
    for (const folder of this.#unsynced) await forceFolder(join(this.#folder, folder));
    this.#unsynced.clear();
  }

  /** Makes a subfolder and those that it is in, one by one, so that each is synced in the folder that it is in. */
  async #make(folder: string): Promise<void> {
    this.#unsynced.add(folder);
    if (folder === '.') return;
    await this.#make(dirname(folder));
    if (this.#made.has(folder)) return;
    await mkdir(join(this.#folder, folder)).catch((error: unknown) => {
      if (errorCode(error) !== 'EEXIST') throw error; // by an earlier attempt
    });
    if (this.#made.size >= REMEMBERED) this.#made.clear();
    this.#made.add(folder);
  }
}

/**
 * Reads the arrays of images.
 * @param names of the files in the folder, each with its tensor
 * @returns their values, in order
 * @throws {FormatError} if one is missing or holds another array; ReadFailure
 */
export function readArrays(
  folder: string,
  names: readonly Omit<ArrayFile, 'values'>[],
): Promise<readonly Uint8Array[]> {
  return inParallel(names, async ({ name, tensor }) => {
    const bytes = await readFile(join(folder, name)).catch((error: unknown) => {
      if (errorCode(error) === 'ENOENT') throw new FormatError(`${name} is missing`);
      throw new ReadFailure(error);
    });
    const header = arrayHeader(tensor);
    const values = bytes.subarray(header.byteLength);
    const isWhole = values.byteLength === byteCount(tensor);
    if (isWhole && bytes.subarray(0, header.byteLength).equals(header)) return values;
    throw new FormatError(`${name} does not hold ${tensor.dtype} [${tensor.shape.join(', ')}]`);
  });
}

/** Returns the bytes of an array before its values. */
export function arrayHeader({ dtype, shape: [length = 1, ...rest] }: TensorSpec): Uint8Array {
  return encodeNpyHeader(dtype, length, rest);
}

/** Does work for each item, a few at once. @returns the results, in order */
async function inParallel<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<readonly R[]> {
  const results = new Array<R>(items.length);
  const left = items.entries();
  const worker = async () => {
    for (const [i, item] of left) results[i] = await work(item);
  };
  const done = await Promise.allSettled(Array.from({ length: CONCURRENT }, worker));
  for (const one of done) if (one.status === 'rejected') throw one.reason;
  return results;
}
