import { stat } from 'node:fs/promises';
import type { ImageFailure } from '../errors.js';
import type { FileIdentity } from '../file-identity.js';
import { FileItem } from '../file-item.js';
import type { FoundItem } from '../item.js';
import { pathFrom } from '../path-from.js';
import { isNamedAs } from './archive.js';
import { MemberFinder } from './member-finder.js';
import { isNamedAsParquet } from './parquet.js';
import { ARCHIVE_FORMATS } from './registry.js';
import { RowFinder } from './row-finder.js';
import { STDIN } from './standard-input.js';
import { Targets } from './targets.js';

/** Finds the items of failed rows by their ids. Close it when done. */
export class ItemFinder {
  readonly #folder: string | undefined;
  readonly #members = new MemberFinder();
  readonly #rows: RowFinder;
  #targets: Promise<Targets> | undefined;

  /**
   * @param folder base of relative paths; the working directory by default
   * @param imageColumn of Parquet files; by default, the only one that may hold images
   */
  constructor(folder?: string | undefined, imageColumn?: string | undefined) {
    this.#folder = folder;
    this.#rows = new RowFinder(imageColumn);
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
    if (isNamedAsArchive(id)) return undefined; // it may hold many images
    const found = await this.#archiveIn(id);
    if (found === 'gone') return undefined;
    if (found !== undefined) {
      const { format, name, path, member } = found;
      const target = await (await this.#resolver()).ofLink(path);
      if (format === undefined) return this.#rows.find({ name, path, target }, member);
      return this.#members.find(format, { name, path, target }, member, identity);
    }
    const file = pathFrom(this.#folder, id);
    if (id === STDIN || !(await isDecodable(file, failure))) return undefined; // reading standard input failed
    return new FileItem(id, { file, target: await (await this.#resolver()).ofLink(file) });
  }

  async close(): Promise<void> {
    await this.#members.close();
  }

  /**
   * Returns the archive that an id names a member of, or the Parquet file, which has no format; undefined if it names none. `gone` if it may have named one that is no
   * file any more: the name of a member is never used as a path.
   */
  async #archiveIn(id: string) {
    for (let slash = id.indexOf('/'); slash !== -1; slash = id.indexOf('/', slash + 1)) {
      const name = id.slice(0, slash);
      const format = ARCHIVE_FORMATS.find((one) => isNamedAs(one, name));
      if (format === undefined && !isNamedAsParquet(name)) continue;
      const path = pathFrom(this.#folder, name);
      const found = await stat(path).catch(() => undefined);
      const member = id.slice(slash + 1);
      if (found?.isFile()) return { format, name, path, member };
      if (!found?.isDirectory() || member.split('/').includes('..')) return 'gone';
    }
    return undefined;
  }

  #resolver(): Promise<Targets> {
    this.#targets ??= Targets.open();
    return this.#targets;
  }
}

const isNamedAsArchive = (id: string) =>
  isNamedAsParquet(id) || ARCHIVE_FORMATS.some((format) => isNamedAs(format, id));

/**
 * Returns whether the path of a failed row may be an image. An invalid name does not lead to the original file. A folder that
 * could not be walked may now hold many images.
 */
async function isDecodable(path: string, failure: ImageFailure['code']): Promise<boolean> {
  if (failure === 'invalid_name') return false;
  const found = await stat(path).catch(() => undefined);
  return failure === 'symlink_loop' ? (found?.isFile() ?? false) : !found?.isDirectory();
}
