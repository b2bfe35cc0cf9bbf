import { stat } from 'node:fs/promises';
import { inOrder } from '../async/in-order.js';
import type { ImageFailure } from '../errors.js';
import type { FileIdentity } from '../file-identity.js';
import { identify } from '../identify.js';
import type { InputItem, JobItem } from '../item.js';
import type { StoredRow } from '../rows.js';
import { Targets } from '../sources/targets.js';
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
 * @param output in messages
 * @throws {OutputError} where a ledger cannot be read
 */
export async function* withStoredRows(
  items: AsyncIterable<InputItem>,
  stored: readonly StoredRows[],
  output: string,
): AsyncGenerator<JobItem> {
  const sources: Source[] = [];
  for (const rows of stored) sources.push({ rows, images: await imagesOf(rows, output) });
  yield* inOrder(
    items,
    (item) => lookUp(item, sources),
    () => LOOKED_UP_AT_ONCE,
  );
}

/**
 * The rows of a finished output as inputs: those that have failed to be decoded again, the others as they are stored. What
 * cannot be decoded by its path stays, too: it would be another failure, and not the one that is to be known.
 *
 * @param from the first of the rows
 * @throws {OutputError} where a row cannot be read, or does not name its image
 */
export async function* failedAgain(stored: StoredRows, from: number): AsyncGenerator<JobItem> {
  const targets = await Targets.open();
  for (let row = from; row < stored.rows; row++) {
    const found = await stored.find(row);
    const path = found.failure === undefined ? '' : await found.path();
    if (found.failure !== undefined && (await isDecodable(path, found.failure))) {
      yield { status: 'found', path, target: await targets.ofLink(path) };
    } else {
      yield { status: 'stored', path, file: found.record.file, stored: found };
    }
  }
}

const LIST = '-'; // of paths on standard input, which broke off

/**
 * Whether a path that has failed may be an image. It is none where it does not lead to the file that it was of, nor where
 * it is of a folder that could not be walked, which may be many images now.
 */
async function isDecodable(path: string, failure: ImageFailure['code']): Promise<boolean> {
  if (failure === 'invalid_name' || path === LIST) return false;
  const found = await stat(path).catch(() => undefined);
  return failure === 'symlink_loop' ? (found?.isFile() ?? false) : !found?.isDirectory();
}

async function lookUp(item: InputItem, sources: readonly Source[]): Promise<JobItem> {
  const { path, target } = item;
  let file: FileIdentity | undefined;
  let looked = false;
  for (const { rows, images } of sources) {
    const row = images.find(item);
    if (row === undefined) continue;
    if (!looked) file = await identify(path);
    looked = true;
    const found = await rows.find(row);
    if (!isSameFile(found.record.file, file)) continue;
    return { status: 'stored', path, target, file, stored: storedAs(item, found) };
  }
  return item;
}

/** A stored row under the path by which its image is given now. */
function storedAs({ path, target = path }: InputItem, found: Found): StoredRow {
  const key = pathKey(path);
  const bytes = key === found.key ? found.bytes : found.renamed(path);
  return { ...found, key, target: pathKey(target), bytes };
}

async function imagesOf({ rows, ledgerPath }: StoredRows, output: string): Promise<RowsByImage> {
  const images = new RowsByImage(rows);
  let row = 0;
  for await (const record of ledgerRecords(output, ledgerPath, rows)) images.add(record, row++);
  return images;
}
