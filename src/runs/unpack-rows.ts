import { mkdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { FormatError, OutputError } from '../errors.js';
import { GrowingFile } from '../files/growing-file.js';
import { type OutputLayout, textFile } from '../outputs/layout.js';
import type { Packing } from '../outputs/packing.js';
import { encodeRecord, type LedgerRecord } from './ledger.js';
import { ledgerChunks, ledgerRecords } from './ledger-file.js';
import { allOf, openAll, runPaths } from './run-paths.js';
import { finalPath, PARTIAL, type RunPlace } from './run-place.js';

/**
 * Unpacks the rows of a finished output into row files and a ledger, in a folder of the run in progress, where they can be read
 * one by one.
 *
 * @param rows of the output
 * @returns the folder, arranged as that of a run in progress
 * @throws {OutputError} if the output is damaged; the file system's error, or ReadFailure
 */
export async function unpackRows(
  packing: Packing,
  place: RunPlace,
  layout: OutputLayout,
  rows: number,
): Promise<string> {
  const folder = join(place.partial, PARTIAL.earlier);
  await rm(folder, { recursive: true, force: true });
  await mkdir(join(folder, PARTIAL.unpacked), { recursive: true });
  const files = await openAll(runPaths(place, layout, folder), (path) => GrowingFile.create(path));
  const ledger = new LedgerCopy(place, rows, files.ledger, textFile(layout).header.byteLength);
  try {
    for (const [{ header }, file] of files.rowFiles) await file.append(header);
    for await (const { bytes, lengths } of packing.unpack(packedPaths(packing, place))) {
      for (const [rowFile, file] of files.rowFiles) {
        const part = bytes.get(rowFile);
        if (part !== undefined) await file.append(part);
      }
      if (lengths !== undefined) await ledger.add(lengths);
    }
    await ledger.complete();
    for (const file of allOf(files)) await file.flush();
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    throw new OutputError(`${place.output} cannot be read back: ${error.message}`, {
      hint: `To check its files: halonet verify ${place.output}`,
      cause: error,
    });
  } finally {
    await ledger.close();
    for (const file of allOf(files)) await file.close().catch(() => {}); // a copy, made anew next time
  }
  return folder;
}

/** Returns the paths of the files of a finished output, by name. */
function packedPaths(packing: Packing, place: RunPlace): ReadonlyMap<string, string> {
  return new Map(packing.names(basename(place.path)).map((name) => [name, finalPath(place, name)]));
}

/** A copy of an output's ledger in which rows may end elsewhere in the text file. */
class LedgerCopy {
  readonly #rows: number;
  readonly #copy: GrowingFile;
  readonly #records: AsyncGenerator<LedgerRecord>;
  readonly #chunks: () => AsyncGenerator<Uint8Array>;
  #end: number; // of the last row, in the text file
  #added = 0; // rows

  /** @param start where the first row begins in the text file */
  constructor({ ledger }: RunPlace, rows: number, copy: GrowingFile, start: number) {
    this.#rows = rows;
    this.#copy = copy;
    this.#records = ledgerRecords(ledger, rows);
    this.#chunks = () => ledgerChunks(ledger, rows);
    this.#end = start;
  }

  /** Adds the records of the next rows. @param lengths bytes of each row in the text file */
  async add(lengths: readonly number[]): Promise<void> {
    for (const length of lengths) {
      const { value: record } = await this.#records.next();
      if (record === undefined) throw new FormatError(`it has more than ${this.#rows} rows`);
      this.#end += length;
      await this.#copy.append(encodeRecord({ ...record, textEnd: this.#end }));
      this.#added++;
    }
  }

  /** Checks that all rows were added; copies the ledger as it is if none was. */
  async complete(): Promise<void> {
    if (this.#added === 0) {
      for await (const chunk of this.#chunks()) await this.#copy.append(chunk);
    } else if (this.#added < this.#rows) {
      throw new FormatError(`expected ${this.#rows} rows, and it has ${this.#added}`);
    }
  }

  /** Closes the ledger that is copied from. */
  async close(): Promise<void> {
    await this.#records.return(undefined);
  }
}
