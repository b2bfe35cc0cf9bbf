import type { FileIdentity } from '../file-identity.js';
import { BrokenPath } from '../file-item.js';
import type { Item } from '../item.js';
import { ImageRefusal } from '../refusal.js';
import { MemberFinder } from './member-finder.js';
import { memberPath } from './member-path.js';
import { RowFinder } from './row-finder.js';
import type { Storage } from './storage.js';
import type { Targets } from './targets.js';

/** Finds what paths name inside files: members of archives and rows of Parquet files. Close it when done. */
export class InsideFinder {
  readonly #targets: () => Promise<Targets>;
  readonly #folder: string | undefined;
  readonly #storage: Storage;
  readonly #members: MemberFinder;
  readonly #rows: RowFinder;

  /**
   * @param folder base of relative paths; the working directory by default
   * @param imageColumn of Parquet files; by default, the only one that may hold images
   * @param columns that items are to have, if they come with such
   */
  constructor(
    targets: () => Promise<Targets>,
    folder: string | undefined,
    imageColumn: string | undefined,
    storage: Storage,
    columns: readonly string[] = [],
  ) {
    this.#targets = targets;
    this.#folder = folder;
    this.#storage = storage;
    this.#members = new MemberFinder(storage, columns.length > 0);
    this.#rows = new RowFinder(imageColumn, storage, columns);
  }

  /**
   * @param identity of the item when its row was written; undefined if there was none
   * @returns undefined if a path names nothing inside a file; `missing` if what it names is not there
   */
  async find(path: string, identity: FileIdentity | undefined): Promise<Item | 'missing' | undefined> {
    const named = await memberPath(path, this.#storage, this.#folder);
    if (named === undefined) return undefined;
    if (named === 'gone') return 'missing';
    const { format, member } = named;
    const file = { ...named, target: await (await this.#targets()).ofLink(named.path) };
    try {
      const found =
        format === undefined
          ? await this.#rows.find(file, member)
          : await this.#members.find(format, file, member, identity);
      return found ?? 'missing';
    } catch (error) {
      if (!(error instanceof ImageRefusal)) throw error;
      return new BrokenPath(`${file.name}/${member}`, error.failure, `${file.target}/${member}`);
    }
  }

  async close(): Promise<void> {
    await this.#members.close();
    await this.#rows.close();
  }
}
