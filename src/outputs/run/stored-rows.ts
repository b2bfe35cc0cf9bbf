import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { OutputError } from '../../errors.js';
import type { StoredRow } from '../../rows.js';
import { BYTES_PER_ELEMENT, elementCount } from '../../tensor.js';
import type { OutputLayout } from '../layout.js';
import { encodeNpyHeader } from '../npy.js';
import { attempt } from '../write-error.js';
import { decodeRecord, type LedgerRecord, RECORD_BYTES } from './ledger.js';
import { readFully } from './ledger-file.js';
import { fileNames, finalPath, PARTIAL, type RunPlace } from './run-place.js';

/** A row that is stored, and what its ledger says of it. */
export interface Found extends StoredRow {
  readonly record: LedgerRecord;
}

interface StoredArray {
  readonly handle: FileHandle;
  readonly start: number; // bytes
  readonly rowBytes: number;
}

/** The rows of an earlier output, or of a run in progress, read one at a time. */
export class StoredRows {
  readonly rows: number;
  readonly ledgerPath: string;
  readonly #output: string;
  readonly #ledger: FileHandle;
  readonly #text: FileHandle;
  readonly #textStart: number; // bytes
  readonly #arrays: ReadonlyMap<string, StoredArray>;

  private constructor(
    place: RunPlace,
    layout: OutputLayout,
    ledgerPath: string,
    rows: number,
    files: readonly FileHandle[],
  ) {
    const [ledger, text, ...arrays] = files;
    if (ledger === undefined || text === undefined) throw new OutputError(`${place.output} has no files`);
    this.rows = rows;
    this.ledgerPath = ledgerPath;
    this.#output = place.output;
    this.#ledger = ledger;
    this.#text = text;
    this.#textStart = Buffer.byteLength(layout.text.header);
    this.#arrays = new Map(
      layout.arrays.map(({ name, dtype, shape }, i) => {
        const start = encodeNpyHeader(dtype, 0, shape).byteLength;
        const rowBytes = elementCount(shape) * BYTES_PER_ELEMENT[dtype];
        return [name, { handle: arrays[i] as FileHandle, start, rowBytes }];
      }),
    );
  }

  /** @param folder of a run in progress; undefined for the finished output */
  static async open(
    place: RunPlace,
    layout: OutputLayout,
    rows: number,
    folder?: string,
  ): Promise<StoredRows> {
    const { output } = place;
    const names = fileNames(place, layout);
    const ledgerPath = folder === undefined ? place.ledger : join(folder, PARTIAL.ledger);
    const pathOf = (name: string) =>
      folder === undefined ? finalPath(place, name) : join(folder, PARTIAL.data, name);
    const opened: FileHandle[] = [];
    try {
      for (const path of [ledgerPath, ...[names.text, ...names.arrays].map(pathOf)]) {
        opened.push(await attempt(output, () => open(path, 'r'), 'read'));
      }
      return new StoredRows(place, layout, ledgerPath, rows, opened);
    } catch (error) {
      for (const handle of opened) await handle.close().catch(() => {});
      throw error;
    }
  }

  /** @throws {OutputError} where the row cannot be read */
  async find(row: number): Promise<Found> {
    const first = Math.max(0, row - 1); // where one row ends, the next begins
    const bytes = await this.#read(this.#ledger, first * RECORD_BYTES, (row - first + 1) * RECORD_BYTES);
    const record = decodeRecord(bytes, row - first);
    const textStart = row === 0 ? this.#textStart : decodeRecord(bytes, 0).textEnd;
    return {
      record,
      key: record.path,
      failure: record.failure,
      text: () => this.#read(this.#text, textStart, record.textEnd - textStart),
      array: (name) => this.#element(name, row),
    };
  }

  async close(): Promise<void> {
    for (const handle of [
      this.#ledger,
      this.#text,
      ...[...this.#arrays.values()].map(({ handle }) => handle),
    ]) {
      await handle.close().catch(() => {}); // all that was asked for was read
    }
  }

  #element(name: string, row: number): Promise<Uint8Array> {
    const array = this.#arrays.get(name);
    if (array === undefined) throw new OutputError(`${this.#output} has no array ${name}`);
    return this.#read(array.handle, array.start + row * array.rowBytes, array.rowBytes);
  }

  async #read(handle: FileHandle, position: number, length: number): Promise<Buffer> {
    const bytes = Buffer.alloc(length);
    const read = await attempt(this.#output, () => readFully(handle, bytes, position), 'read');
    if (read === length) return bytes;
    throw new OutputError(`${this.#output} is damaged: it is shorter than its ledger says.`, {
      hint: 'Pass --overwrite to start over.',
    });
  }
}
