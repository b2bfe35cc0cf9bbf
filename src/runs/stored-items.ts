import { mapInOrder } from '../async/map-in-order.js';
import type { ImageFailure } from '../errors.js';
import type { FileIdentity } from '../file-identity.js';
import { type FoundItem, type Item, type JobItem, withColumns } from '../item.js';
import type { RowName, StoredRow } from '../rows.js';
import { isSameFile, nameKey, pathKey } from './ledger.js';
import { ledgerRecords } from './ledger-file.js';
import { RowsByImage } from './rows-by-image.js';
import type { Found, StoredRows } from './stored-rows.js';

/** The rows of an earlier output, indexed by image. */
interface Source {
  readonly rows: StoredRows;
  readonly images: RowsByImage;
}

const CONCURRENT_LOOKUPS = 64;

/**
 * Yields the inputs. Those whose file is unchanged and has a stored row carry that row, under their current path.
 *
 * @throws {OutputError} if an earlier output is damaged
 * @throws {ReadFailure} if it cannot be read
 */
export async function* withStoredRows(
  items: AsyncIterable<Item>,
  stored: readonly StoredRows[],
): AsyncGenerator<JobItem> {
  const sources: Source[] = [];
  for (const rows of stored) sources.push({ rows, images: await imagesOf(rows) });
  yield* mapInOrder(
    items,
    (item) => lookUp(item, sources),
    () => CONCURRENT_LOOKUPS,
  );
}

/** Finds the items of failed rows, to decode them again. */
export interface FindItems {
  /**
   * @param identity of the image when the row was written
   * @returns undefined if the row has to stay as it is
   */
  find(
    id: string,
    failure: ImageFailure['code'],
    identity: FileIdentity | undefined,
  ): Promise<FoundItem | undefined>;
  close(): Promise<void>;
}

/**
 * Yields the rows of a finished output as items: failed rows to be decoded again, the others as stored. A failed row that
 * cannot be decoded by its id stays too: trying would only replace its failure with an unrelated one.
 *
 * @param from the first row
 * @param items finds the items of failed rows
 * @throws {OutputError} if the output is damaged, or a row does not name its image
 * @throws {ReadFailure} if a row cannot be read
 */
export async function* retryItems(
  stored: StoredRows,
  from: number,
  items: FindItems,
): AsyncGenerator<JobItem> {
  for (let row = from; row < stored.rows; row++) {
    const found = await stored.find(row);
    const { id, columns }: RowName = found.failure === undefined ? { id: '' } : await found.name();
    const item =
      found.failure === undefined ? undefined : await items.find(id, found.failure, found.record.file);
    if (item !== undefined) yield columns === undefined ? item : withColumns(item, columns);
    else yield { status: 'stored', id, file: found.record.file, stored: found };
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

/** Returns a stored row under the current path of its image. */
function storedAs(item: Item, found: Found): StoredRow {
  const { id, target = id } = item;
  const key = nameKey(item);
  const named = key === found.key ? found : { ...found, ...found.renamed(item) };
  return { ...named, key, target: pathKey(target) };
}

async function imagesOf({ rows, ledgerPath }: StoredRows): Promise<RowsByImage> {
  const images = new RowsByImage(rows);
  let row = 0;
  for await (const record of ledgerRecords(ledgerPath, rows)) images.add(record, row++);
  return images;
}
