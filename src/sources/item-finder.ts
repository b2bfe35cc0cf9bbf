import { stat } from 'node:fs/promises';
import { isAddress, shownAddress } from '../address.js';
import { counted } from '../counted.js';
import { cropPath } from '../crop.js';
import type { ImageFailure } from '../errors.js';
import { type FileIdentity, isSameIdentity } from '../file-identity.js';
import { FileItem } from '../file-item.js';
import type { FoundItem } from '../item.js';
import { pathFrom } from '../path-from.js';
import { isNamedAs } from './archive-format.js';
import { ARCHIVE_FORMATS } from './archive-formats.js';
import { cropped } from './cropped-item.js';
import { InsideFinder } from './inside-finder.js';
import { isMemberPath } from './member-path.js';
import { ObjectItem } from './object.js';
import { isNamedAsParquet } from './parquet.js';
import { ParquetRow } from './parquet-row.js';
import { STDIN } from './standard-input.js';
import { LOCAL, type Storage } from './storage.js';
import { Targets } from './targets.js';

/** Finds the items of failed rows by their ids. Close it when done. */
export class ItemFinder {
  readonly #folder: string | undefined;
  readonly #storage: Storage;
  readonly #inside: InsideFinder;
  readonly #onNote: ((note: string) => void) | undefined;
  #targets: Promise<Targets> | undefined;
  #archives = 0; // failed rows that are not looked up
  #changed = 0;

  /**
   * @param folder base of relative paths; the working directory by default
   * @param imageColumn of Parquet files; by default, the only one that may hold images
   * @param storage where the items are; local files only by default
   * @param onNote called when it is closed, if it has left rows to --sync
   */
  constructor(
    folder?: string | undefined,
    imageColumn?: string | undefined,
    storage: Storage = LOCAL,
    onNote?: (note: string) => void,
  ) {
    this.#folder = folder;
    this.#onNote = onNote;
    this.#storage = storage;
    this.#inside = new InsideFinder(() => this.#resolver(), folder, imageColumn, storage);
  }

  /**
   * @param identity of the image when the row was written
   * @returns undefined if the id leads to nothing that could be decoded
   */
  async find(
    id: string,
    failure: ImageFailure['code'],
    identity: FileIdentity | undefined,
  ): Promise<FoundItem | undefined> {
    const part = cropPath(id);
    if (part === undefined || (await isFile(pathFrom(this.#folder, id)))) {
      return failure === 'invalid_crop' ? undefined : this.#findWhole(id, failure, identity); // its box is not a box
    }
    const whole = await this.#findWhole(part.path, failure, identity);
    if (whole === undefined) return isMemberPath(id) ? this.#findWhole(id, failure, identity) : undefined;
    const item = cropped(whole, part.crop, part.fragment);
    return item.status === 'found' ? item : undefined;
  }

  async #findWhole(
    id: string,
    failure: ImageFailure['code'],
    identity: FileIdentity | undefined,
  ): Promise<FoundItem | undefined> {
    if (holdsImages(id)) {
      this.#archives++;
      return undefined; // many, perhaps: --sync walks it
    }
    const inside = await this.#inside.find(id, identity);
    if (inside === 'missing' || inside?.status === 'failed') return undefined;
    if (inside instanceof ParquetRow && identity !== undefined && !(await hasIdentity(inside, identity))) {
      this.#changed++;
      return undefined; // another image may have its number now
    }
    if (inside !== undefined) return inside;
    if (isAddress(id)) {
      if (failure === 'invalid_name') return undefined; // such as of a line without a path
      if ((await this.#storage.inspect(id)).kind === 'prefix') return undefined; // many, perhaps
      return new ObjectItem(shownAddress(id), id, this.#storage);
    }
    const file = pathFrom(this.#folder, id);
    if (id === STDIN || !(await isDecodable(file, failure))) return undefined; // reading standard input failed
    return new FileItem(id, { file, target: await (await this.#resolver()).ofLink(file) });
  }

  async close(): Promise<void> {
    const left = [
      ...(this.#archives > 0
        ? [`${counted(this.#archives, 'failed row')} of whole archives or Parquet files`]
        : []),
      ...(this.#changed > 0 ? [`${counted(this.#changed, 'failed row')} of changed Parquet files`] : []),
    ];
    [this.#archives, this.#changed] = [0, 0];
    if (left.length > 0) this.#onNote?.(`not retried: ${left.join(', ')}; --sync computes them`);
    await this.#inside.close();
  }

  #resolver(): Promise<Targets> {
    this.#targets ??= Targets.open();
    return this.#targets;
  }
}

const hasIdentity = async (item: FoundItem, known: FileIdentity): Promise<boolean> => {
  const now = await item.identify();
  return now !== undefined && isSameIdentity(now, known);
};

async function isFile(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found?.isFile() ?? false;
}

/** Returns whether a path is named as an archive or a Parquet file. */
const holdsImages = (path: string) =>
  isNamedAsParquet(path) || ARCHIVE_FORMATS.some((format) => isNamedAs(format, path));

/**
 * Returns whether the path of a failed row may be an image. An invalid name does not lead to the original file. A folder that
 * could not be walked may now hold many images.
 */
async function isDecodable(path: string, failure: ImageFailure['code']): Promise<boolean> {
  if (failure === 'invalid_name') return false;
  const found = await stat(path).catch(() => undefined);
  return failure === 'symlink_loop' ? (found?.isFile() ?? false) : !found?.isDirectory();
}
