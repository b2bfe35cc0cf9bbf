import { type FileHandle, open } from 'node:fs/promises';
import { OutputError } from '../errors.js';
import { reading } from '../files/write-error.js';
import { type OutputLayout, textFile } from '../outputs/layout.js';
import type { Packing, RowBlock } from '../outputs/packing.js';
import type { GrowingRowFile } from '../outputs/row-file.js';
import { readFully } from '../read-fully.js';
import { ledgerRecords } from './ledger-file.js';
import { allOf, openAll, type PerFile, runPaths } from './run-paths.js';
import type { RunPlace } from './run-place.js';

/** The row files of a run whose rows are all there, read in blocks. */
export class RowBlocks {
  readonly rows: number;
  readonly #ledger: string;
  readonly #files: PerFile<FileHandle>;
  readonly #handles: ReadonlyMap<GrowingRowFile, FileHandle>;
  readonly #start: number; // of the first row in the text file

  private constructor(
    layout: OutputLayout,
    rows: number,
    { ledger }: PerFile<string>,
    files: PerFile<FileHandle>,
  ) {
    this.rows = rows;
    this.#ledger = ledger;
    this.#files = files;
    this.#handles = new Map(files.rowFiles);
    this.#start = textFile(layout).header.byteLength;
  }

  /** @throws {ReadFailure} */
  static async open(place: RunPlace, layout: OutputLayout, rows: number): Promise<RowBlocks> {
    const paths = runPaths(place, layout, place.partial);
    const files = await openAll(paths, (path) => reading(() => open(path, 'r')));
    return new RowBlocks(layout, rows, paths, files);
  }

  /**
   * Yields the blocks from a row on, in order.
   * @param from the first row of a block
   * @throws {OutputError} if the ledger is damaged; ReadFailure; reading a block throws both too
   */
  async *from(from: number, limits: Packing['block']): AsyncGenerator<RowBlock> {
    let first = from;
    let start = from === 0 ? this.#start : 0;
    let end = start;
    let lengths: number[] = [];
    const before = Math.max(0, from - 1); // where one row ends, the next begins
    let row = before;
    for await (const { textEnd } of ledgerRecords(this.#ledger, this.rows, before)) {
      if (row++ < from) {
        start = textEnd;
        end = textEnd;
        continue;
      }
      lengths.push(textEnd - end);
      end = textEnd;
      if (lengths.length < limits.rows && end - start < limits.textBytes) continue;
      yield this.#block(first, start, lengths);
      first = row;
      start = end;
      lengths = [];
    }
    if (lengths.length > 0) yield this.#block(first, start, lengths);
  }

  async close(): Promise<void> {
    for (const handle of allOf(this.#files)) await handle.close().catch(() => {}); // nothing more is read
  }

  #block(first: number, textStart: number, lengths: readonly number[]): RowBlock {
    const count = lengths.length;
    const textBytes = lengths.reduce((sum, length) => sum + length, 0);
    return {
      first,
      count,
      lengths,
      read: (file) => {
        const { bytes } = file.rows;
        if (bytes === undefined) return this.#read(file, textStart, textBytes);
        return this.#read(file, file.header.byteLength + first * bytes, count * bytes);
      },
    };
  }

  async #read(file: GrowingRowFile, position: number, length: number): Promise<Uint8Array> {
    const handle = this.#handles.get(file);
    if (handle === undefined) throw new Error('a packing reads a file that its layout lacks');
    const bytes = Buffer.allocUnsafe(length);
    const read = await reading(() => readFully(handle, bytes, position));
    if (read === length) return bytes;
    throw new OutputError('the rows of the run are damaged: a file is shorter than its ledger says', {
      hint: 'Pass --overwrite to start over.',
    });
  }
}
