import type { Item } from '../item.js';
import type { RowName } from '../rows.js';
import { type LedgerRecord, nameKey, pathKey } from './ledger.js';
import { RowTable } from './row-table.js';

/** An item's id and what it resolves to. */
export type ImageName = Pick<Item, 'id' | 'target' | 'columns'>;

/**
 * The rows of a ledger, indexed by image. An image is found by what its path resolves to, however the path is spelled; if
 * that is unknown, as after a folder was moved, by the path as given. All rows of an image map to its first row.
 */
export class RowsByImage {
  readonly #byTarget: RowTable;
  readonly #byPath: RowTable;

  /** @param capacity the most rows to be added, up to 2^30 */
  constructor(capacity: number) {
    this.#byTarget = new RowTable(capacity);
    this.#byPath = new RowTable(capacity);
  }

  /** @returns the first row of the same image: `row` itself if the image is new */
  add({ path, target }: Pick<LedgerRecord, 'path' | 'target'>, row: number): number {
    this.#byTarget.add(target, row);
    const first = this.#byTarget.find(target) ?? row;
    this.#byPath.add(path, first);
    return first;
  }

  find(image: ImageName): number | undefined {
    const { id, target = id } = image;
    return this.#byTarget.find(pathKey(target)) ?? this.#byPath.find(nameKey(image));
  }

  /** Returns whether a row has exactly this name: the id in this spelling, and the same columns. */
  knows(name: RowName): boolean {
    return this.#byPath.find(nameKey(name)) !== undefined;
  }
}
