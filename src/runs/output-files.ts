import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type ImageFailure, OutputError } from '../errors.js';
import { closeOnError } from '../files/close-on-error.js';
import { forceFolder } from '../files/force.js';
import { GrowingFile } from '../files/growing-file.js';
import { writeSynced } from '../files/write-synced.js';
import type { OutputLayout } from '../outputs/layout.js';
import { type GrowingRowFile, isText } from '../outputs/row-file.js';
import { countFailure, failureCode, type Row, type RowCounts } from '../rows.js';
import type { OutputState } from './journal.js';
import { decodeRecords, encodeRecord, type LedgerRecord, nameKey, pathKey, RECORD_BYTES } from './ledger.js';
import { ledgerChunks } from './ledger-file.js';
import type { RunOutput } from './run-output.js';
import { allOf, fileName, openAll, type PerFile, rowsFolder, runPaths } from './run-paths.js';
import type { RunPlace } from './run-place.js';

/**
 * The files of an output in progress: its ledger and its own files. They always hold the same rows.
 * Every method throws the file system's error, or ReadFailure.
 */
export class OutputFiles {
  readonly #place: RunPlace;
  readonly #layout: OutputLayout;
  readonly #files: PerFile<GrowingFile>;
  readonly #inputs = createHash('sha256');
  readonly #failures: Partial<Record<ImageFailure['code'], number>> = {};
  #rows = 0;

  private constructor(place: RunPlace, layout: OutputLayout, files: PerFile<GrowingFile>) {
    this.#place = place;
    this.#layout = layout;
    this.#files = files;
  }

  /** Creates the files of an output in its folder in progress, which exists. */
  static async create({ place, layout }: RunOutput): Promise<OutputFiles> {
    const data = join(place.partial, rowsFolder(layout));
    await mkdir(data);
    const opened = await openAll(runPaths(place, layout, place.partial), (path) => GrowingFile.create(path));
    const files = new OutputFiles(place, layout, opened);
    return closeOnError(files, async () => {
      for (const [{ header }, file] of opened.rowFiles) await file.append(header);
      await forceFolder(data);
      return files;
    });
  }

  /**
   * Opens the files of an output at a checkpoint.
   * @throws {OutputError} if they do not match the checkpoint
   */
  static async reopen(
    { place, layout }: RunOutput,
    rows: number,
    { bytes, inputs }: OutputState,
  ): Promise<OutputFiles> {
    const { partial } = place;
    const paths = runPaths(place, layout, partial);
    const lengthOf = (path: string) => {
      const length = path === paths.ledger ? rows * RECORD_BYTES : bytes[basename(path)];
      if (length !== undefined) return length;
      // Possible on a case-insensitive disk.
      throw new OutputError(
        `the run in ${partial} was started under another name: it has no file ${basename(path)}`,
        { hint: 'Repeat the command with the same --output as before.' },
      );
    };
    const lengths = new Map(allOf(paths).map((path) => [path, lengthOf(path)])); // look up every length before truncating a file
    const opened = await openAll(paths, (path) => GrowingFile.reopen(path, lengths.get(path) ?? 0));
    const files = new OutputFiles(place, layout, opened);
    files.#rows = rows;
    return closeOnError(files, async () => {
      for await (const chunk of ledgerChunks(paths.ledger, rows)) {
        files.#inputs.update(chunk);
        for (const { failure } of decodeRecords(chunk)) countFailure(files.#failures, failure);
      }
      if (files.#inputs.copy().digest('hex') === inputs) return files;
      throw new OutputError(`${paths.ledger} is damaged: it does not match the journal`, {
        hint: 'Pass --overwrite to start over.',
      });
    });
  }

  /** The base names of all files of the output, in the order in which they are written. */
  get names(): readonly string[] {
    return this.#layout.files.map((file) => fileName(this.#place, file));
  }

  get rows(): number {
    return this.#rows;
  }

  get counts(): RowCounts {
    return { rows: this.#rows, failures: { ...this.#failures } };
  }

  /** Bytes of the output so far. */
  get bytes(): number {
    return this.#files.rowFiles.reduce((sum, [, file]) => sum + file.length, 0);
  }

  async append(row: Row): Promise<void> {
    const { ledger, rowFiles } = this.#files;
    const number = this.#rows++;
    let textEnd = 0;
    for (const [rowFile, file] of rowFiles) {
      await file.append(await this.#encode(row, number, rowFile));
      if (isText(rowFile)) textEnd = file.length;
    }
    const failure = failureCode(row);
    const record = encodeRecord({ ...keysOf(row), file: row.file, failure, textEnd });
    countFailure(this.#failures, failure);
    this.#inputs.update(record);
    await ledger.append(record);
  }

  /** Passes buffered bytes to the system. @returns the state that a checkpoint may record once the files are synced */
  async flush(): Promise<OutputState> {
    for (const file of allOf(this.#files)) await file.flush();
    return {
      bytes: Object.fromEntries(
        this.#files.rowFiles.map(([rowFile, file]) => [fileName(this.#place, rowFile), file.length]),
      ),
      inputs: this.#inputs.copy().digest('hex'),
    };
  }

  async sync(): Promise<void> {
    await Promise.all(allOf(this.#files).map((file) => file.sync()));
  }

  /** Writes the files without rows, completes the headers of the others, and syncs all of them. */
  async finish(): Promise<OutputState> {
    const state = await this.flush();
    await this.#writeRowless();
    for (const [{ finishedHeader }, file] of this.#files.rowFiles) {
      if (finishedHeader !== undefined) await file.patch(finishedHeader(this.#rows), 0);
    }
    await this.sync();
    return state;
  }

  async close(): Promise<void> {
    const closed = await Promise.allSettled(allOf(this.#files).map((file) => file.close()));
    for (const result of closed) if (result.status === 'rejected') throw result.reason;
  }

  /** Writes the files without rows, from the start on every attempt, because checkpoints do not cover them. */
  async #writeRowless(): Promise<void> {
    const data = join(this.#place.partial, rowsFolder(this.#layout));
    const rowless = this.#layout.files.filter(({ rows }) => rows === undefined);
    for (const file of rowless) await writeSynced(join(data, fileName(this.#place, file)), file.header);
    if (rowless.length > 0) await forceFolder(data);
  }

  async #encode(row: Row, number: number, file: GrowingRowFile): Promise<Uint8Array> {
    if (row.status !== 'stored') return file.rows.encode(row, number);
    const stored = await row.stored.bytes(fileName(this.#place, file));
    return (isText(file) && file.rows.renumbered?.(stored, number)) || stored;
  }
}

/** Returns the keys of a row's image in the ledger. */
function keysOf(row: Row): Pick<LedgerRecord, 'path' | 'target'> {
  if (row.status === 'stored') return { path: row.stored.key, target: row.stored.target };
  return { path: nameKey(row), target: pathKey(row.target ?? row.id) };
}
