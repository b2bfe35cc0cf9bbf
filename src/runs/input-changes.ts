import type { FileIdentity } from '../file-identity.js';
import type { Item } from '../item.js';
import { isSameFile, type LedgerRecord, pathKey } from './ledger.js';
import { ledgerRecords } from './ledger-file.js';
import { type Named, RowsByImage } from './rows-by-image.js';

/** How inputs differ from those that a ledger was made of. */
export interface InputChanges {
  readonly gained: number; // paths; for a run in progress without those after the last known one
  readonly lost: number;
  readonly unread: number; // inputs that cannot be read, and were not among the known ones
  readonly changed: number; // files
  readonly moved: boolean; // nothing but the order of what is left, or that too, is another one
  readonly respelled: number; // inputs that are known by another path
}

export interface KnownInputs {
  readonly ledger: string; // its path
  readonly rows: number;
  readonly whole: boolean; // the ledger knows all inputs, not the first ones only
}

/** An input as it is now. */
interface Look extends Named {
  readonly isUnread: boolean;
  readonly file: FileIdentity | undefined;
}

const BLOCK = 256; // files whose status is asked for at once

/**
 * Compares inputs with a ledger. As long as all is as before, no more inputs are taken than the ledger has rows, and one
 * more where it knows them `whole`; else all of them.
 *
 * @returns undefined where nothing has changed
 * @throws {OutputError} where the ledger is damaged
 * @throws {ReadFailure} where it cannot be read
 */
export async function compareInputs(
  items: AsyncIterator<Item>,
  known: KnownInputs,
): Promise<InputChanges | undefined> {
  const ledger = records(known);
  let respelled = 0;
  try {
    for (let row = 0; row < known.rows; ) {
      const block = await nextBlock(items, Math.min(BLOCK, known.rows - row));
      if (block.length === 0) return { ...NO_CHANGES, lost: known.rows - row, respelled };
      let anew = 0;
      for (const look of block) {
        const { value: record } = await ledger.next();
        const fit = record === undefined ? 'other' : fitOf(record, look);
        if (fit === 'other') return await countChanges(row, block, items, known, respelled);
        if (fit === 'respelled') anew++;
      }
      row += block.length;
      respelled += anew;
    }
  } finally {
    await ledger.return(undefined);
  }
  const more = known.whole ? await nextBlock(items, 1) : [];
  if (more.length > 0) return countChanges(known.rows, more, items, known, respelled);
  return respelled === 0 ? undefined : { ...NO_CHANGES, respelled };
}

const NO_CHANGES: InputChanges = { gained: 0, lost: 0, unread: 0, changed: 0, moved: false, respelled: 0 };

/** Whether inputs differ in nothing but how their paths are spelled. */
export function isRespelledOnly({ gained, lost, changed, moved }: InputChanges): boolean {
  return gained + lost + changed === 0 && !moved;
}

/** Whether a row is of an input as it is now, be it by another path. */
function fitOf(record: LedgerRecord, { id, target, file }: Look): 'same' | 'respelled' | 'other' {
  if (!isSameFile(record.file, file)) return 'other';
  if (record.path === pathKey(id)) return 'same';
  return record.target === pathKey(target ?? id) ? 'respelled' : 'other';
}

/**
 * @param from the first row that may differ, to which the first of `block` belongs
 * @param respelled inputs of the rows before
 */
async function countChanges(
  from: number,
  block: readonly Look[],
  items: AsyncIterator<Item>,
  known: KnownInputs,
  respelled: number,
): Promise<InputChanges> {
  const rows = await RememberedRows.read(known, from);
  const tally = new Tally(rows, respelled);
  for (let looks = block; looks.length > 0; looks = await nextBlock(items, BLOCK)) {
    for (const look of looks) tally.add(look);
  }
  return tally.changes(known.whole);
}

/** Counts inputs by what they are to the remembered rows. */
class Tally {
  readonly #rows: RememberedRows;
  #gained = 0;
  #unknown = 0; // since the last known one
  #unread = 0;
  #changed = 0;
  #moved = false;
  #respelled: number;
  #last = -1; // row

  constructor(rows: RememberedRows, respelled: number) {
    this.#rows = rows;
    this.#respelled = respelled;
  }

  add(look: Look): void {
    const row = this.#rows.find(look);
    const meeting = row === undefined ? 'beyond' : this.#rows.meet(row);
    if (row === undefined || meeting === 'beyond') {
      this.#unknown++;
      if (look.isUnread) this.#unread++;
      return;
    }
    this.#gained += this.#unknown;
    this.#unknown = 0;
    if (!this.#rows.knows(look.id)) this.#respelled++;
    if (meeting === 'again') return;
    this.#moved ||= row < this.#last;
    this.#last = row;
    if (!this.#rows.isSame(row, look.file)) this.#changed++;
  }

  /** @param whole whether inputs after the last known one are new ones */
  changes(whole: boolean): InputChanges {
    const gained = this.#gained + (whole ? this.#unknown : 0);
    const [unread, changed, lost, respelled] = [
      this.#unread,
      this.#changed,
      this.#rows.unmet,
      this.#respelled,
    ];
    const moved = this.#moved || gained + lost + changed + respelled === 0;
    return { gained, lost, unread, changed, moved, respelled };
  }
}

/** The rows of a ledger from one on, in 21 bytes each and their tables. */
class RememberedRows {
  readonly #images: RowsByImage;
  readonly #modified: BigInt64Array;
  readonly #bytes: Float64Array;
  readonly #met: Uint8Array;
  readonly #left: Uint32Array; // at the first row of an image, how often it is still to come

  private constructor(count: number) {
    this.#images = new RowsByImage(count);
    this.#modified = new BigInt64Array(count);
    this.#bytes = new Float64Array(count);
    this.#met = new Uint8Array(count);
    this.#left = new Uint32Array(count);
  }

  static async read(known: KnownInputs, from: number): Promise<RememberedRows> {
    const remembered = new RememberedRows(known.rows - from);
    let row = -from;
    for await (const record of records(known)) {
      if (row >= 0) remembered.#add(record, row);
      row++;
    }
    return remembered;
  }

  find(input: Named): number | undefined {
    return this.#images.find(input);
  }

  knows(id: string): boolean {
    return this.#images.knows(id);
  }

  /** @returns whether its image comes for the first time, again as before, or more often than before */
  meet(row: number): 'first' | 'again' | 'beyond' {
    const left = this.#left[row] ?? 0;
    if (left === 0) return 'beyond';
    this.#left[row] = left - 1;
    const isFirst = this.#met[row] === 0;
    this.#met[row] = 1;
    return isFirst ? 'first' : 'again';
  }

  isSame(row: number, file: FileIdentity | undefined): boolean {
    return isSameFile({ bytes: this.#bytes[row] ?? 0, modified: this.#modified[row] ?? 0n }, file);
  }

  get unmet(): number {
    return this.#left.reduce((sum, left) => sum + left, 0);
  }

  #add(record: LedgerRecord, row: number): void {
    const first = this.#images.add(record, row);
    this.#left[first] = (this.#left[first] ?? 0) + 1;
    this.#bytes[row] = record.file?.bytes ?? 0;
    this.#modified[row] = record.file?.modified ?? 0n;
  }
}

const records = ({ ledger, rows }: KnownInputs) => ledgerRecords(ledger, rows);

/** As many of the next inputs, with what the file system says of them; fewer at the end. */
async function nextBlock(items: AsyncIterator<Item>, size: number): Promise<readonly Look[]> {
  const block: Item[] = [];
  while (block.length < size) {
    const { done, value } = await items.next();
    if (done) break;
    block.push(value);
  }
  const look = async (item: Item): Promise<Look> => ({
    id: item.id,
    target: item.target,
    isUnread: item.status === 'failed',
    file: await item.identify(),
  });
  return Promise.all(block.map(look));
}
