import { type FileHandle, open } from 'node:fs/promises';
import { OutputError } from '../errors.js';
import { attempt } from '../files/write-error.js';
import type { OutputLayout } from '../outputs/layout.js';
import { npyHeaderBytes } from '../outputs/npy.js';
import type { StoredRow } from '../rows.js';
import { byteCount } from '../tensor.js';
import { decodeRecord, type LedgerRecord, RECORD_BYTES } from './ledger.js';
import { readFully } from './ledger-file.js';
import { allOf, openAll, type PerFile, runPaths } from './run-paths.js';
import type { RunPlace } from './run-place.js';

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
  readonly #files: PerFile<FileHandle>;
  readonly #textStart: number; // bytes
  readonly #arrays: ReadonlyMap<string, StoredArray>;

  private constructor(
    output: string,
    header: string,
    ledgerPath: string,
    rows: number,
    files: PerFile<FileHandle>,
  ) {
    this.rows = rows;
    this.ledgerPath = ledgerPath;
    this.#output = output;
    this.#files = files;
    this.#textStart = Buffer.byteLength(header);
    this.#arrays = new Map(
      files.arrays.map(([tensor, handle]) => {
        const start = npyHeaderBytes(tensor.dtype, tensor.shape);
        return [tensor.name, { handle, start, rowBytes: byteCount(tensor) }];
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
    const paths = runPaths(place, layout, folder);
    const files = await openAll(paths, (path) => attempt(output, () => open(path, 'r'), 'read'));
    return new StoredRows(output, layout.text.header, paths.ledger, rows, files);
  }

  /** @throws {OutputError} where the row cannot be read */
  async find(row: number): Promise<Found> {
    const first = Math.max(0, row - 1); // where one row ends, the next begins
    const bytes = await this.#read(
      this.#files.ledger,
      first * RECORD_BYTES,
      (row - first + 1) * RECORD_BYTES,
    );
    const record = decodeRecord(bytes, row - first);
    const textStart = row === 0 ? this.#textStart : decodeRecord(bytes, 0).textEnd;
    return {
      record,
      key: record.path,
      target: record.target,
      failure: record.failure,
      text: () => this.#read(this.#files.text, textStart, record.textEnd - textStart),
      array: (name) => this.#element(name, row),
    };
  }

  async close(): Promise<void> {
    for (const handle of allOf(this.#files)) await handle.close().catch(() => {}); // all that was asked for was read
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
