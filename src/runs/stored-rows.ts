import { type FileHandle, open } from 'node:fs/promises';
import { OutputError } from '../errors.js';
import { attempt, reading } from '../files/write-error.js';
import { type OutputLayout, textFile } from '../outputs/layout.js';
import type { GrowingRowFile, TextFile } from '../outputs/row-file.js';
import { readFully } from '../read-fully.js';
import type { RowName, StoredRow } from '../rows.js';
import { decodeRecord, type LedgerRecord, nameKey, RECORD_BYTES } from './ledger.js';
import type { PerOutput } from './per-output.js';
import { allOf, fileName, openAll, type PerFile, runPaths } from './run-paths.js';
import type { RunPlace } from './run-place.js';

/** A stored row and its ledger record. */
export interface Found extends StoredRow {
  readonly record: LedgerRecord;
  /** Returns what the row says about its item. @throws {OutputError} if it names another one */
  readonly name: () => Promise<RowName>;
  /** Returns the bytes with another name for its item. */
  readonly renamed: (name: RowName) => Pick<StoredRow, 'bytes' | 'others'>;
}

/** The rows of an earlier run, of all its outputs. Throws as `OutputRows`. */
export class StoredRows {
  readonly #lead: OutputRows;
  readonly #others: readonly OutputRows[];

  constructor({ lead, others }: PerOutput<OutputRows>) {
    this.#lead = lead;
    this.#others = others;
  }

  get rows(): number {
    return this.#lead.rows;
  }

  /** The path of the lead's ledger. */
  get ledgerPath(): string {
    return this.#lead.ledgerPath;
  }

  async find(row: number): Promise<Found> {
    const found = await this.#lead.find(row);
    if (this.#others.length === 0) return found;
    const others = await Promise.all(this.#others.map((rows) => attempt(rows.output, () => rows.find(row))));
    return {
      ...found,
      others: others.map(({ bytes }) => bytes),
      renamed: (name) => ({
        ...found.renamed(name),
        others: others.map(({ renamed }) => renamed(name).bytes),
      }),
    };
  }

  async close(): Promise<void> {
    for (const rows of [this.#lead, ...this.#others]) await rows.close();
  }
}

/** The position of a row in a file. */
interface Extent {
  readonly start: number; // bytes
  readonly length: number;
}

/**
 * The rows of one output, finished or in progress, read one at a time. Reading throws OutputError if they are damaged, and
 * ReadFailure if they cannot be read.
 */
export class OutputRows {
  readonly rows: number;
  readonly ledgerPath: string;
  readonly output: string; // as the user gave it
  readonly #files: PerFile<FileHandle>;
  readonly #byName: ReadonlyMap<string, readonly [GrowingRowFile, FileHandle]>;
  readonly #text: TextFile;
  readonly #textName: string;

  private constructor(
    place: RunPlace,
    layout: OutputLayout,
    ledgerPath: string,
    rows: number,
    files: PerFile<FileHandle>,
  ) {
    this.rows = rows;
    this.ledgerPath = ledgerPath;
    this.output = place.output;
    this.#files = files;
    this.#byName = new Map(files.rowFiles.map((one) => [fileName(place, one[0]), one]));
    this.#text = textFile(layout);
    this.#textName = fileName(place, this.#text);
  }

  /** @param folder of a run in progress; undefined for the finished output */
  static async open(
    place: RunPlace,
    layout: OutputLayout,
    rows: number,
    folder?: string,
  ): Promise<OutputRows> {
    const paths = runPaths(place, layout, folder);
    const files = await openAll(paths, (path) => reading(() => open(path, 'r')));
    return new OutputRows(place, layout, paths.ledger, rows, files);
  }

  async find(row: number): Promise<Found> {
    const first = Math.max(0, row - 1); // where one row ends, the next begins
    const bytes = await this.#read(
      this.#files.ledger,
      first * RECORD_BYTES,
      (row - first + 1) * RECORD_BYTES,
    );
    const record = decodeRecord(bytes, row - first);
    const start = row === 0 ? this.#text.header.byteLength : decodeRecord(bytes, 0).textEnd;
    const text = { start, length: record.textEnd - start };
    const stored = (name: string) => this.#rowIn(name, row, text);
    return {
      record,
      key: record.path,
      target: record.target,
      failure: record.failure,
      bytes: stored,
      name: async () => this.#nameOf((await stored(this.#textName)).toString(), record.path),
      renamed: (name) => ({
        bytes: async (file) => {
          const bytes = await stored(file);
          if (file !== this.#textName) return bytes;
          return Buffer.from(this.#text.rows.renamed(bytes.toString(), name));
        },
      }),
    };
  }

  async close(): Promise<void> {
    for (const handle of allOf(this.#files)) await handle.close().catch(() => {}); // nothing more is read
  }

  #rowIn(name: string, row: number, text: Extent): Promise<Buffer> {
    const one = this.#byName.get(name);
    if (one === undefined) throw new OutputError(`${this.output} has no file ${name}`);
    const [{ header, rows }, handle] = one;
    if (rows.bytes === undefined) return this.#read(handle, text.start, text.length);
    return this.#read(handle, header.byteLength + row * rows.bytes, rows.bytes);
  }

  #nameOf(text: string, key: bigint): RowName {
    const name = this.#text.rows.names(text).find((candidate) => nameKey(candidate) === key);
    if (name !== undefined) return name;
    throw new OutputError(`a row of ${this.output} does not name its image: ${text.slice(0, 200)}`, {
      hint: `The output was altered. To check its files: halonet verify ${this.output}`,
    });
  }

  async #read(handle: FileHandle, position: number, length: number): Promise<Buffer> {
    const bytes = Buffer.alloc(length);
    const read = await reading(() => readFully(handle, bytes, position));
    if (read === length) return bytes;
    throw new OutputError(`${this.output} is damaged: it is shorter than its ledger says`, {
      hint: 'Pass --overwrite to start over.',
    });
  }
}
