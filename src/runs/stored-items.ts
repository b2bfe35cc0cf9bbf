import { inOrder } from '../async/in-order.js';
import type { ImageFailure } from '../errors.js';
import type { FileIdentity } from '../file-identity.js';
import type { FoundItem, Item, JobItem } from '../item.js';
import type { StoredRow } from '../rows.js';
import { isSameFile, pathKey } from './ledger.js';
import { ledgerRecords } from './ledger-file.js';
import { RowsByImage } from './rows-by-image.js';
import type { Found, StoredRows } from './stored-rows.js';

/** Rows of earlier outputs, to be found by their images. */
interface Source {
  readonly rows: StoredRows;
  readonly images: RowsByImage;
}

const LOOKED_UP_AT_ONCE = 64;

/**
 * The inputs, with those that a row is stored for and whose file is still the same standing for that row, under the path by
 * which they are given now.
 *
 * @throws {OutputError} where an earlier output is damaged
 * @throws {ReadFailure} where it cannot be read
 */
export async function* withStoredRows(
  items: AsyncIterable<Item>,
  stored: readonly StoredRows[],
): AsyncGenerator<JobItem> {
  const sources: Source[] = [];
  for (const rows of stored) sources.push({ rows, images: await imagesOf(rows) });
  yield* inOrder(
    items,
    (item) => lookUp(item, sources),
    () => LOOKED_UP_AT_ONCE,
  );
}

/** The item of a row that has failed, to be decoded again; undefined where it cannot be, so that its row stays. */
export type ItemAgain = (id: string, failure: ImageFailure['code']) => Promise<FoundItem | undefined>;

/**
 * The rows of a finished output as items: those that have failed to be decoded again, the others as they are stored. What
 * cannot be decoded by its id stays, too: it would be another failure, and not the one that is to be known.
 *
 * @param from the first of the rows
 * @param again finds their items
 * @throws {OutputError} where the output is damaged, or a row does not name its image
 * @throws {ReadFailure} where a row cannot be read
 */
export async function* failedAgain(
  stored: StoredRows,
  from: number,
  again: ItemAgain,
): AsyncGenerator<JobItem> {
  for (let row = from; row < stored.rows; row++) {
    const found = await stored.find(row);
    const id = found.failure === undefined ? '' : await found.path();
    const item = found.failure === undefined ? undefined : await again(id, found.failure);
    yield item ?? { status: 'stored', id, file: found.record.file, stored: found };
  }
}

async function lookUp(item: Item, sources: readonly Source[]): Promise<JobItem> {
  const { id, target } = item;
  let file: FileIdentity | undefined;
  let looked = false;
  for (const { rows, images } of sources) {
    const row = images.find(item);
    if (row === undefined) continue;
    if (!looked) file = await item.identify();
    looked = true;
    const found = await rows.find(row);
    if (!isSameFile(found.record.file, file)) continue;
    return { status: 'stored', id, target, file, stored: storedAs(item, found) };
  }
  return item;
}

/** A stored row under the path by which its image is given now. */
function storedAs({ id, target = id }: Item, found: Found): StoredRow {
  const key = pathKey(id);
  const bytes = key === found.key ? found.bytes : found.renamed(id);
  return { ...found, key, target: pathKey(target), bytes };
}

async function imagesOf({ rows, ledgerPath }: StoredRows): Promise<RowsByImage> {
  const images = new RowsByImage(rows);
  let row = 0;
  for await (const record of ledgerRecords(ledgerPath, rows)) images.add(record, row++);
  return images;
}
