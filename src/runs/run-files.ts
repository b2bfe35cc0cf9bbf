import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type ImageFailure, OutputError } from '../errors.js';
import { GrowingFile } from '../files/growing-file.js';
import { orClose } from '../files/or-close.js';
import { syncFolder } from '../files/pending-file.js';
import { attempt } from '../files/write-error.js';
import { writeSynced } from '../files/write-synced.js';
import type { OutputLayout } from '../outputs/layout.js';
import { encodeNpyHeader, nanBytes } from '../outputs/npy.js';
import { rowTensor, type TensorSpec } from '../outputs/row-tensor.js';
import { countFailure, failureCode, type Row, type RowCounts } from '../rows.js';
import { elementCount } from '../tensor.js';
import type { Checkpoint } from './journal.js';
import { decodeRecords, encodeRecord, type LedgerRecord, pathKey, RECORD_BYTES } from './ledger.js';
import { ledgerChunks } from './ledger-file.js';
import { allOf, openAll, type PerFile, runPaths } from './run-paths.js';
import { fileNames, PARTIAL, type RunPlace } from './run-place.js';

/** How far the files are, once what is buffered has been written. */
export type FilesState = Omit<Checkpoint, 'seconds'>;

/** The files of a run in progress: those of its output, and the ledger. They hold the same rows at any time. */
export class RunFiles {
  readonly names: ReturnType<typeof fileNames>;
  readonly #place: RunPlace;
  readonly #layout: OutputLayout;
  readonly #files: PerFile<GrowingFile>;
  readonly #nanRows = new Map<TensorSpec, Uint8Array>();
  readonly #inputs = createHash('sha256');
  readonly #failures: Partial<Record<ImageFailure['code'], number>> = {};
  #rows = 0;

  private constructor(place: RunPlace, layout: OutputLayout, files: PerFile<GrowingFile>) {
    this.names = fileNames(place, layout);
    this.#place = place;
    this.#layout = layout;
    this.#files = files;
  }

  /**
   * Starts the files of a run, in a folder that is there.
   * @param folder of the run in progress
   */
  static async create(place: RunPlace, layout: OutputLayout, folder: string): Promise<RunFiles> {
    await attempt(place.output, () => mkdir(join(folder, PARTIAL.data)));
    const opened = await openAll(runPaths(place, layout, folder), (path) =>
      GrowingFile.create(place.output, path),
    );
    const files = new RunFiles(place, layout, opened);
    return orClose(files, async () => {
      await opened.text.append(Buffer.from(layout.text.header));
      for (const [{ dtype, shape }, file] of opened.arrays)
        await file.append(encodeNpyHeader(dtype, 0, shape));
      await syncFolder(join(folder, PARTIAL.data));
      return files;
    });
  }

  /**
   * Opens the files of a run where a checkpoint left them.
   * @throws {OutputError} where they are not what the checkpoint says
   */
  static async reopen(
    place: RunPlace,
    layout: OutputLayout,
    { rows, bytes, inputs }: Checkpoint,
  ): Promise<RunFiles> {
    const { output, partial } = place;
    const paths = runPaths(place, layout, partial);
    const lengthOf = (path: string) => {
      const length = path === paths.ledger ? rows * RECORD_BYTES : bytes[basename(path)];
      if (length !== undefined) return length;
      // As on a disk where names that differ in case are the same.
      throw new OutputError(
        `The run in ${partial} was begun under another name: it has no file ${basename(path)}.`,
        { hint: 'Repeat the command with --output as it was.' },
      );
    };
    const lengths = new Map(allOf(paths).map((path) => [path, lengthOf(path)])); // all are known before one is cut
    const opened = await openAll(paths, (path) => GrowingFile.reopen(output, path, lengths.get(path) ?? 0));
    const files = new RunFiles(place, layout, opened);
    files.#rows = rows;
    return orClose(files, async () => {
      for await (const chunk of ledgerChunks(output, paths.ledger, rows)) {
        files.#inputs.update(chunk);
        for (const { failure } of decodeRecords(chunk)) countFailure(files.#failures, failure);
      }
      if (files.#inputs.copy().digest('hex') === inputs) return files;
      throw new OutputError(`${paths.ledger} is damaged: it is not what the journal says.`, {
        hint: 'Pass --overwrite to start over.',
      });
    });
  }

  get rows(): number {
    return this.#rows;
  }

  get counts(): RowCounts {
    return { rows: this.#rows, failures: { ...this.#failures } };
  }

  /** Bytes of the output so far. */
  get bytes(): number {
    return this.#files.arrays.reduce((sum, [, file]) => sum + file.length, this.#files.text.length);
  }

  async append(row: Row): Promise<void> {
    const { ledger, text, arrays } = this.#files;
    const number = this.#rows++;
    await text.append(await this.#textOf(row, number));
    for (const [tensor, file] of arrays) await file.append(await this.#elements(row, tensor));
    const failure = failureCode(row);
    const record = encodeRecord({ ...keysOf(row), file: row.file, failure, textEnd: text.length });
    countFailure(this.#failures, failure);
    this.#inputs.update(record);
    await ledger.append(record);
  }

  /** Hands what is buffered to the system. @returns what a checkpoint may say once it is synced, too */
  async flush(): Promise<FilesState> {
    for (const file of allOf(this.#files)) await file.flush();
    const [, ...lengths] = allOf(this.#files).map(({ length }) => length); // but for the ledger
    return {
      rows: this.#rows,
      bytes: Object.fromEntries(
        [this.names.text, ...this.names.arrays].map((name, i) => [name, lengths[i] ?? 0]),
      ),
      inputs: this.#inputs.copy().digest('hex'),
    };
  }

  async sync(): Promise<void> {
    await Promise.all(allOf(this.#files).map((file) => file.sync()));
  }

  /** Has the headers of arrays count their rows, the classes written, and all on disk. */
  async finish(): Promise<FilesState> {
    const state = await this.flush();
    await this.#writeClasses();
    for (const [{ dtype, shape }, file] of this.#files.arrays) {
      await file.patch(encodeNpyHeader(dtype, this.#rows, shape), 0);
    }
    await this.sync();
    return state;
  }

  async close(): Promise<void> {
    const closed = await Promise.allSettled(allOf(this.#files).map((file) => file.close()));
    for (const result of closed) if (result.status === 'rejected') throw result.reason;
  }

  /** Anew in each try: nothing of them is in a checkpoint. */
  async #writeClasses(): Promise<void> {
    const { output, partial } = this.#place;
    const { classes } = this.names;
    if (classes === undefined) return;
    const data = join(partial, PARTIAL.data);
    await writeSynced(output, join(data, classes), Buffer.from(this.#layout.classes ?? ''));
    await syncFolder(data);
  }

  async #textOf(row: Row, number: number): Promise<Uint8Array> {
    const { text, renumbered } = this.#layout.text;
    if (row.status !== 'stored') return Buffer.from(text(row, number));
    const stored = await row.stored.text();
    return renumbered?.(stored, number) ?? stored;
  }

  async #elements(row: Row, tensor: TensorSpec): Promise<Uint8Array> {
    if (row.status === 'ok') return rowTensor(row, tensor).data;
    return row.status === 'stored' ? row.stored.array(tensor.name) : this.#nanRow(tensor);
  }

  /** Made once: a failed image is no reason to fill megabytes again. */
  #nanRow(tensor: TensorSpec): Uint8Array {
    const made = this.#nanRows.get(tensor) ?? nanBytes(tensor.dtype, elementCount(tensor.shape));
    this.#nanRows.set(tensor, made);
    return made;
  }
}

/** The keys under which the image of a row stands in the ledger. */
function keysOf(row: Row): Pick<LedgerRecord, 'path' | 'target'> {
  if (row.status === 'stored') return { path: row.stored.key, target: row.stored.target };
  return { path: pathKey(row.path), target: pathKey(row.target ?? row.path) };
}
