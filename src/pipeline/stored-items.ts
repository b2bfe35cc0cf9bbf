import { stat } from 'node:fs/promises';
import { type ImageFailure, OutputError } from '../errors.js';
import type { FileIdentity } from '../file-identity.js';
import { identify } from '../inputs/identify.js';
import type { InputItem } from '../inputs/walk.js';
import type { OutputLayout } from '../outputs/layout.js';
import { isSameFile, pathKey } from '../outputs/run/ledger.js';
import { ledgerRecords } from '../outputs/run/ledger-file.js';
import type { Found, StoredRows } from '../outputs/run/stored-rows.js';
import type { StoredRow } from '../rows.js';
import { inOrder } from './in-order.js';
import { RowTable } from './row-table.js';

/** An input to a job: a path to decode, one that leads to nothing, or one whose row is stored already. */
export type JobItem =
  | InputItem
  | {
      readonly status: 'stored';
      readonly path: string;
      readonly file: FileIdentity | undefined;
      readonly stored: StoredRow;
    };

/** Rows of earlier outputs, to be found by path. */
interface Source {
  readonly rows: StoredRows;
  readonly table: RowTable;
}

const LOOKED_UP_AT_ONCE = 64;

/**
 * The inputs, with those that a row is stored for and whose file is still the same standing for that row.
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
  for (const rows of stored) sources.push({ rows, table: await tableOf(rows, output) });
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
export async function* failedAgain(
  stored: StoredRows,
  layout: OutputLayout,
  from: number,
): AsyncGenerator<JobItem> {
  for (let row = from; row < stored.rows; row++) {
    const found = await stored.find(row);
    const path = found.failure === undefined ? '' : await pathOf(found, layout);
    if (found.failure !== undefined && (await isDecodable(path, found.failure))) {
      yield { status: 'found', path };
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

async function pathOf(found: Found, { text }: OutputLayout): Promise<string> {
  const line = (await found.text()).toString();
  const path = text.paths(line).find((candidate) => pathKey(candidate) === found.key);
  if (path !== undefined) return path;
  throw new OutputError(`A row does not name the image that it is of: ${line.slice(0, 200)}`, {
    hint: 'The output was altered since: see halonet verify.',
  });
}

async function lookUp(item: InputItem, sources: readonly Source[]): Promise<JobItem> {
  const { path } = item;
  const key = pathKey(path);
  let file: FileIdentity | undefined;
  let looked = false;
  for (const { rows, table } of sources) {
    const row = table.find(key);
    if (row === undefined) continue;
    if (!looked) file = await identify(path);
    looked = true;
    const found = await rows.find(row);
    if (isSameFile(found.record.file, file)) return { status: 'stored', path, file, stored: found };
  }
  return item;
}

async function tableOf({ rows, ledgerPath }: StoredRows, output: string): Promise<RowTable> {
  const table = new RowTable(rows);
  let row = 0;
  for await (const { path } of ledgerRecords(output, ledgerPath, rows)) table.add(path, row++);
  return table;
}
