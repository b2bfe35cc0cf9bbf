import type { Item } from '../item.js';
import { type LedgerRecord, pathKey } from './ledger.js';
import { RowTable } from './row-table.js';

/** An item, by its id and by what that leads to. */
export type Named = Pick<Item, 'id' | 'target'>;

/**
 * The rows of a ledger by their images. An image is known by what its path leads to, however it is spelled; where that is
 * unknown, as after a folder was moved, by the path as it is given. Several rows of one image count as its first.
 */
export class RowsByImage {
  readonly #byTarget: RowTable;
  readonly #byPath: RowTable;

  /** @param capacity rows that will be added, at most 2^30 */
  constructor(capacity: number) {
    this.#byTarget = new RowTable(capacity);
    this.#byPath = new RowTable(capacity);
  }

  /** @returns the first row of the same image: `row` itself where it is new */
  add({ path, target }: Pick<LedgerRecord, 'path' | 'target'>, row: number): number {
    this.#byTarget.add(target, row);
    const first = this.#byTarget.find(target) ?? row;
    this.#byPath.add(path, first);
    return first;
  }

  find({ id, target }: Named): number | undefined {
    return this.#byTarget.find(pathKey(target ?? id)) ?? this.#byPath.find(pathKey(id));
  }

  /** Whether a row has the id in just this spelling. */
  knows(id: string): boolean {
    return this.#byPath.find(pathKey(id)) !== undefined;
  }
}
