import type { FileIdentity } from '../file-identity.js';
import type { Item } from '../item.js';
import { isSameFile, type LedgerRecord, nameKey, pathKey } from './ledger.js';
import { ledgerRecords } from './ledger-file.js';
import { type ImageName, RowsByImage } from './rows-by-image.js';

/** How inputs differ from those of a ledger. */
export interface InputChanges {
  readonly gained: number; // paths; for a run in progress, not counting those after the last known one
  readonly lost: number;
  readonly unread: number; // new inputs that cannot be read
  readonly changed: number; // files
  readonly moved: boolean; // the order of the remaining inputs has changed
  readonly respelled: number; // known inputs with a new path or new columns
}

export interface KnownInputs {
  readonly ledger: string; // its path
  readonly rows: number;
  readonly whole: boolean; // whether the ledger covers all inputs, not only the first ones
}

/** The current state of an input. */
interface InputState extends ImageName {
  readonly isUnread: boolean;
  readonly file: FileIdentity | undefined;
}

const BLOCK = 256; // files checked at a time

/**
 * Compares inputs with a ledger. If nothing has changed, it takes only as many inputs as the ledger has rows, and one more
 * if `whole`; otherwise it takes them all.
 *
 * @returns undefined if nothing has changed
 * @throws {OutputError} if the ledger is damaged
 * @throws {ReadFailure} if it cannot be read
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
      let respelledHere = 0;
      for (const state of block) {
        const { value: record } = await ledger.next();
        const fit = record === undefined ? 'other' : fitOf(record, state);
        if (fit === 'other') return await countChanges(row, block, items, known, respelled);
        if (fit === 'respelled') respelledHere++;
      }
      row += block.length;
      respelled += respelledHere;
    }
  } finally {
    await ledger.return(undefined);
  }
  const more = known.whole ? await nextBlock(items, 1) : [];
  if (more.length > 0) return countChanges(known.rows, more, items, known, respelled);
  return respelled === 0 ? undefined : { ...NO_CHANGES, respelled };
}

const NO_CHANGES: InputChanges = { gained: 0, lost: 0, unread: 0, changed: 0, moved: false, respelled: 0 };

/** Returns whether inputs differ only in the spelling of their paths. */
export function isRespelledOnly({ gained, lost, changed, moved }: InputChanges): boolean {
  return gained + lost + changed === 0 && !moved;
}

/** Returns whether a row belongs to an unchanged input, possibly with a new path or new columns. */
function fitOf(record: LedgerRecord, state: InputState): 'same' | 'respelled' | 'other' {
  const { id, target = id, file } = state;
  if (!isSameFile(record.file, file)) return 'other';
  if (record.path === nameKey(state)) return 'same';
  return record.target === pathKey(target) ? 'respelled' : 'other';
}

/**
 * @param from the first row that may differ, which belongs to the first of `block`
 * @param respelled how many inputs of the earlier rows are respelled
 */
async function countChanges(
  from: number,
  block: readonly InputState[],
  items: AsyncIterator<Item>,
  known: KnownInputs,
  respelled: number,
): Promise<InputChanges> {
  const rows = await RememberedRows.read(known, from);
  const tally = new Tally(rows, respelled);
  for (let states = block; states.length > 0; states = await nextBlock(items, BLOCK)) {
    for (const state of states) tally.add(state);
  }
  return tally.changes(known.whole);
}

/** Counts inputs by how they relate to the remembered rows. */
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

  add(state: InputState): void {
    const row = this.#rows.find(state);
    const meeting = row === undefined ? 'beyond' : this.#rows.meet(row);
    if (row === undefined || meeting === 'beyond') {
      this.#unknown++;
      if (state.isUnread) this.#unread++;
      return;
    }
    this.#gained += this.#unknown;
    this.#unknown = 0;
    if (!this.#rows.knows(state)) this.#respelled++;
    if (meeting === 'again') return;
    this.#moved ||= row < this.#last;
    this.#last = row;
    if (!this.#rows.isSame(row, state.file)) this.#changed++;
  }

  /** @param whole whether inputs after the last known one count as new */
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

/** The rows of a ledger from a given row on, in 21 bytes each plus lookup tables. */
class RememberedRows {
  readonly #images: RowsByImage;
  readonly #modified: BigInt64Array;
  readonly #bytes: Float64Array;
  readonly #met: Uint8Array;
  readonly #left: Uint32Array; // at the first row of an image, how many more times to expect it

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

  find(input: ImageName): number | undefined {
    return this.#images.find(input);
  }

  knows(name: ImageName): boolean {
    return this.#images.knows(name);
  }

  /** @returns whether the image comes for the first time, comes again as in the ledger, or more often than in the ledger */
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

/** Takes the next `size` inputs, or fewer at the end, and asks the file system for their identities. */
async function nextBlock(items: AsyncIterator<Item>, size: number): Promise<readonly InputState[]> {
  const block: Item[] = [];
  while (block.length < size) {
    const { done, value } = await items.next();
    if (done) break;
    block.push(value);
  }
  const state = async (item: Item): Promise<InputState> => ({
    id: item.id,
    columns: item.columns,
    target: item.target,
    isUnread: item.status === 'failed',
    file: await item.identify(),
  });
  return Promise.all(block.map(state));
}
